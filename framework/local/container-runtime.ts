import { chownSync } from 'node:fs';
import { hostname } from 'node:os';
import type { CommandInfo, TaskInfo } from '../mesos/messages.ts';
import { identityOf } from '../store/identity.ts';
import { createArguments, imageOf, memoryLimit, mustPull, userParameter } from './container-arguments.ts';
import { ContainerCli, type ContainerProgram } from './container-cli.ts';
import { ContainerTask } from './container-task.ts';
import type { Surroundings } from './task-body.ts';

/** Whose container it is: `HOST PID START`; what a dead owner has left is removed by the next one. */
const OWNER_LABEL = 'release-validation.owner';
const TASK_LABEL = 'release-validation.task';
/** Its value is the agent's id. */
export const AGENT_LABEL = 'release-validation.agent';

/** Runs tasks in containers of this machine, by docker or podman. */
export class ContainerRuntime {
  readonly program: ContainerProgram;
  readonly #cli: ContainerCli;
  readonly #agentId: string;
  /** What `id` says of users of images; by image id and user. */
  readonly #users = new Map<string, Promise<[uid: number, gid: number]>>();

  constructor(program: ContainerProgram, agentId: string) {
    this.program = program;
    this.#agentId = agentId;
    // By the agent's mark the guard finds the commands of an agent that was killed.
    this.#cli = new ContainerCli(program, { MESOS_SLAVE_ID: agentId });
  }

  /** Whether the program is there and can run containers. @throws ContainerError that says why not */
  async check(): Promise<void> {
    // Not `info`: docker 20.10 says on stderr only that it cannot print, and the reason on stdout.
    await this.#cli.run(['ps', '--quiet']);
  }

  /** Brings a task's image here. @throws ContainerError in the words of the agent, with the registry's reason */
  provide({ container }: TaskInfo, signal: AbortSignal): Promise<void> {
    return this.provideImage(imageOf(container) ?? '', mustPull(container), signal);
  }

  /** Pulls an image that is not here, or with `always` any. @throws ContainerError with the registry's reason */
  async provideImage(image: string, always: boolean, signal?: AbortSignal): Promise<void> {
    if (!always) {
      const inspect = ['image', 'inspect', '--format', '{{.Id}}', image];
      if ((await this.#cli.run(inspect, signal).catch(() => '')) !== '') return;
    }
    signal?.throwIfAborted();
    await this.#cli.run(['pull', '--quiet', image], signal);
  }

  /** Starts a task in a container of its own. @throws Error when that is impossible; then nothing of it is left */
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
   * Sees to it that the container's user can write to the sandbox. Root gives the sandbox away; others cannot, so
   * their containers run with their own ids.
   * @returns the ids to run with, where the task or the image does not decide it
   */
  async #giveSandbox(task: TaskInfo, { directory, uid, gid }: Surroundings): Promise<string | undefined> {
    const said = userParameter(task.container);
    if (!isRoot()) return said === undefined ? `${process.getuid?.()}:${process.getgid?.()}` : undefined;
    // Mesos' own containerizer runs the command as its user; docker's runs it as the image's, and gives that user the sandbox.
    const own = uid !== undefined && gid !== undefined ? ([uid, gid] as const) : undefined;
    const ids = own ?? (await this.userOf(imageOf(task.container) ?? '', said));
    if (ids[0] !== 0 || ids[1] !== 0) chownSync(directory, ...ids);
    return own && said === undefined && task.container?.type === 'MESOS' ? own.join(':') : undefined;
  }

  /** Ids that containers of an image run with, as the user `said` or the image's own. */
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
        // One that is gone in the meantime is none.
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
