import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ContainerCli } from './container-cli.ts';
import { exitMessage } from './signals.ts';
import { type Ending, LaunchError, type TaskBody } from './task-body.ts';

/** Pauses between two looks at a container that starts. On an idle machine a start takes 0.2 s. */
const FIRST_LOOK_MS = 50;
const LONGEST_PAUSE_MS = 500;
/** The exit status of a process that SIGKILL ended. The kernel sends it when memory is used up. */
const KILLED_STATUS = 137;

/** The fields of `docker inspect` that are used here. */
const inspectedSchema = z
  .array(
    z.looseObject({
      State: z.looseObject({
        Status: z.string(),
        Running: z.boolean(),
        OOMKilled: z.boolean().default(false),
        ExitCode: z.number(),
        Error: z.string().default(''),
      }),
    }),
  )
  .length(1)
  .transform(([container]) => container as NonNullable<typeof container>);

type Inspected = z.infer<typeof inspectedSchema>;

/** The data that decide how a container ended. */
export interface ContainerEnd {
  /** The exit status of `docker start --attach`, which is that of the container; null if the command itself was killed. */
  status: number | null;
  /** The kernel killed a process in the container because the container's memory was used up. */
  outOfMemory: boolean;
  /** MB. */
  memoryLimit: number;
}

/** The words are those of Mesos: docker/executor.cpp, and the memory isolator for the memory limit. */
export function endingOf({ status, outOfMemory, memoryLimit }: ContainerEnd): Ending {
  const message = exitMessage('Container', status, null);
  if (outOfMemory && status === KILLED_STATUS) {
    const reason = 'REASON_CONTAINER_LIMITATION_MEMORY';
    return { succeeded: false, reason, message: `Memory limit exceeded: Requested: ${memoryLimit}MB (${message})` };
  }
  return { succeeded: status === 0, message };
}

/** A task in a container, from its first process to the removal of the container. */
export class ContainerTask implements TaskBody {
  readonly ended: Promise<Ending>;
  readonly data: Buffer;
  readonly #cli: ContainerCli;
  readonly #name: string;

  /**
   * Starts a created container. Its output goes to the sandbox's stdout and stderr.
   * @throws LaunchError with the program's message when it cannot start; then the container is removed
   */
  static async start(cli: ContainerCli, name: string, directory: string, memoryLimit: number): Promise<ContainerTask> {
    const files = ['stdout', 'stderr'].map((file) => openSync(join(directory, file), 'a', 0o644));
    let client: ChildProcess;
    try {
      client = cli.spawn(['start', '--attach', name], ['ignore', ...files]);
    } finally {
      for (const file of files) closeSync(file);
    }
    const exited = new Promise<number | null>((resolve) => {
      client.once('error', () => resolve(null));
      client.once('exit', resolve);
    });
    try {
      const data = await untilStarted(cli, name, exited, () => lastLine(join(directory, 'stderr')));
      return new ContainerTask(cli, name, data, exited, memoryLimit);
    } catch (error) {
      await remove(cli, name);
      throw error;
    }
  }

  private constructor(
    cli: ContainerCli,
    name: string,
    data: string,
    exited: Promise<number | null>,
    memoryLimit: number,
  ) {
    this.#cli = cli;
    this.#name = name;
    this.data = Buffer.from(data);
    this.ended = this.#follow(exited, memoryLimit);
  }

  terminate(grace: number): void {
    // docker takes whole seconds. If they are too long, `destroy` ends the container in time.
    this.#cli.run(['stop', '--time', String(Math.ceil(grace / 1000)), this.#name]).catch(() => undefined);
  }

  async destroy(): Promise<void> {
    await remove(this.#cli, this.#name);
    await this.ended;
  }

  async #follow(exited: Promise<number | null>, memoryLimit: number): Promise<Ending> {
    let status = await exited;
    let container = await look(this.#cli, this.#name);
    // The container may still run, if the client was killed or lost the connection to its daemon.
    while (container?.State.Running) {
      await sleep(LONGEST_PAUSE_MS);
      container = await look(this.#cli, this.#name);
      status = container?.State.ExitCode ?? status;
    }
    const outOfMemory = container?.State.OOMKilled ?? false;
    await remove(this.#cli, this.#name);
    return endingOf({ status, outOfMemory, memoryLimit });
  }
}

/** @returns the answer of `inspect` for a container that runs, or has run */
async function untilStarted(
  cli: ContainerCli,
  name: string,
  exited: Promise<unknown>,
  lastWords: () => string,
): Promise<string> {
  let over = false;
  void exited.then(() => {
    over = true;
  });
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    await Promise.race([sleep(pause), exited]);
    const wasOver = over;
    const data = await cli.run(['inspect', '--type', 'container', name]).catch(() => undefined);
    const { Status: status = 'removed', Error: error = '' } = data === undefined ? {} : parse(data).State;
    if (data !== undefined && (status === 'running' || status === 'paused' || (status === 'exited' && error === '')))
      return data;
    if (wasOver)
      throw new LaunchError(
        `Failed to run docker container: ${error || lastWords() || `it is ${status}`}`,
        'SOURCE_EXECUTOR',
      );
  }
}

/** The program prints its own messages to the same place as the output of its container. */
const lastLine = (file: string): string => readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '';

async function look(cli: ContainerCli, name: string): Promise<Inspected | undefined> {
  const data = await cli.run(['inspect', '--type', 'container', name]).catch(() => undefined);
  return data === undefined ? undefined : parse(data);
}

const parse = (data: string): Inspected => inspectedSchema.parse(JSON.parse(data));

/** Ends and removes a container. If it does not exist any more, that is no error. */
async function remove(cli: ContainerCli, name: string): Promise<void> {
  await cli.run(['rm', '--force', '--volumes', name]).catch(() => undefined);
}
