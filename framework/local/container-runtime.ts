import { chownSync } from 'node:fs';
import { hostname } from 'node:os';
import type { CommandInfo, TaskInfo } from '../mesos/messages.ts';
import { identityOf } from '../store/identity.ts';
import { createArguments, imageOf, memoryLimit, mustPull, userParameter } from './container-arguments.ts';
import { ContainerCli, type ContainerProgram } from './container-cli.ts';
import { ContainerTask } from './container-task.ts';
import type { Surroundings } from './task-body.ts';

/** The label with the owner of a container: `HOST PID START`. The next agent removes the containers of a dead owner. */
const OWNER_LABEL = 'release-validation.owner';
const TASK_LABEL = 'release-validation.task';
/** The label with the agent's id. */
export const AGENT_LABEL = 'release-validation.agent';

/** Runs tasks in containers of this machine, by docker or podman. */
export class ContainerRuntime {
  readonly program: ContainerProgram;
  readonly #cli: ContainerCli;
  readonly #agentId: string;
  /** The results of `id` for users of images, by image id and user. */
  readonly #users = new Map<string, Promise<[uid: number, gid: number]>>();

  constructor(program: ContainerProgram, agentId: string) {
    this.program = program;
    this.#agentId = agentId;
    // The guard finds the commands of a killed agent by the agent's mark.
    this.#cli = new ContainerCli(program, { MESOS_SLAVE_ID: agentId });
  }

  /** Checks that the program exists and can run containers. @throws ContainerError with the reason if it cannot */
  async check(): Promise<void> {
    // Not `info`: docker 20.10 prints the reason of a failure on stdout, not on stderr.
    await this.#cli.run(['ps', '--quiet']);
  }

  /** Pulls a task's image if needed. @throws ContainerError in the words of the agent, with the registry's reason */
  provide({ container }: TaskInfo, signal: AbortSignal): Promise<void> {
    return this.provideImage(imageOf(container) ?? '', mustPull(container), signal);
  }

  /** Pulls an image if this machine does not have it; with `always` in any case. @throws ContainerError with the registry's reason */
  async provideImage(image: string, always: boolean, signal?: AbortSignal): Promise<void> {
    if (!always) {
      const inspect = ['image', 'inspect', '--format', '{{.Id}}', image];
      if ((await this.#cli.run(inspect, signal).catch(() => '')) !== '') return;
    }
    signal?.throwIfAborted();
    await this.#cli.run(['pull', '--quiet', image], signal);
  }

  /** Starts a task in its own container. @throws Error when that is impossible; then nothing of it is left behind */
  async start(
    task: TaskInfo,
    command: CommandInfo,
    surroundings: Surroundings,
    containerId: string,
  ): Promise<ContainerTask> {
    const { directory } = surroundings;
    const name = `mesos-${containerId}`;
    const labels = {
      [OWNER_LABEL]: owner(),
      [AGENT_LABEL]: this.#agentId,
      [TASK_LABEL]: task.task_id.value,
    };
    const user = await this.#giveSandbox(task, surroundings);
    const options = this.program === 'podman' && !isRoot() ? ['--userns', 'keep-id'] : [];
    await this.#cli.run(createArguments(task, command, { name, directory, labels, user, options }));
    return ContainerTask.start(this.#cli, name, directory, memoryLimit(task));
  }

  /**
   * Makes sure that the container's user can write to the sandbox. If this program runs as root, it gives the sandbox to that
   * user. Other users cannot do that, so their containers run with their own ids.
   * @returns the ids of the container, if neither the task nor the image decides them
   */
  async #giveSandbox(task: TaskInfo, { directory, uid, gid }: Surroundings): Promise<string | undefined> {
    const said = userParameter(task.container);
    if (!isRoot()) return said === undefined ? `${process.getuid?.()}:${process.getgid?.()}` : undefined;
    // Mesos' own containerizer runs the command as its user. The docker containerizer runs it as the user of the image.
    const own = uid !== undefined && gid !== undefined ? ([uid, gid] as const) : undefined;
    const ids = own ?? (await this.userOf(imageOf(task.container) ?? '', said));
    if (ids[0] !== 0 || ids[1] !== 0) chownSync(directory, ...ids);
    return own && said === undefined && task.container?.type === 'MESOS' ? own.join(':') : undefined;
  }

  /** The ids of a container of an image: those of the user `said`, or else of the image's own user. */
  async userOf(image: string, said?: string): Promise<readonly [uid: number, gid: number]> {
    const answer = await this.#cli.run(['image', 'inspect', '--format', '{{.Id}} {{.Config.User}}', image]);
    const [id, user = ''] = answer.trim().split(' ');
    const spec = said ?? user;
    const [, uid, gid] = /^(\d+):(\d+)$/.exec(spec) ?? [];
    if (uid !== undefined && gid !== undefined) return [Number(uid), Number(gid)];
    if (spec === '') return [0, 0];
    const key = `${id} ${spec}`;
    const known = this.#users.get(key) ?? this.#askImage(image, spec);
    this.#users.set(key, known);
    return known;
  }

  async #askImage(image: string, user: string): Promise<[uid: number, gid: number]> {
    const label = ['--label', `${OWNER_LABEL}=${owner()}`];
    const command = ['--entrypoint', '/bin/sh', image, '-c', 'id -u; id -g'];
    const answer = await this.#cli.run(['run', '--rm', ...label, '--network', 'none', '--user', user, ...command]);
    const [uid, gid] = answer.trim().split('\n').map(Number);
    if (uid === undefined || gid === undefined) throw new Error(`image ${image} does not know its user ${user}`);
    return [uid, gid];
  }

  /** Removes the containers of agents on this machine that are dead. @returns their names */
  async removeLeftovers(): Promise<string[]> {
    const left = (await this.#containers(OWNER_LABEL)).filter(({ owner: [host, pid, start] }) => {
      return host === hostname() && identityOf(Number(pid)) !== start;
    });
    const names = left.map(({ name }) => name);
    if (names.length > 0) await this.#cli.run(['rm', '--force', '--volumes', ...names]);
    return names;
  }

  async #containers(label: string): Promise<{ name: string; owner: string[] }[]> {
    const ids = (await this.#cli.run(['ps', '--all', '--quiet', '--filter', `label=${label}`])).split('\n');
    const found = await Promise.all(
      ids.filter(Boolean).map((id) => {
        const format = `{{.Name}} {{index .Config.Labels "${OWNER_LABEL}"}}`;
        // A container may disappear in the meantime.
        return this.#cli.run(['inspect', '--type', 'container', '--format', format, id]).catch(() => '');
      }),
    );
    return found.filter(Boolean).map((line) => {
      const [name = '', ...words] = line.trim().split(' ');
      return { name: name.replace(/^\//, ''), owner: words };
    });
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;

const owner = (): string => `${hostname()} ${process.pid} ${identityOf(process.pid)}`;
