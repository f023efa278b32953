import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandInfo } from '../mesos/messages.ts';
import type { Container } from './process-look.ts';
import type { ProcessKiller } from './processes.ts';
import { exitMessage } from './signals.ts';
import { type Ending, LaunchError, type Surroundings, type TaskBody } from './task-body.ts';

/** How a task's processes are found and ended. */
export interface ProcessMeans {
  /** A variable of the environment that marks every process of this task, and no other process. */
  mark: Container['mark'];
  killer: ProcessKiller;
  /** Called with processes that could not be killed. */
  survived(pids: number[]): void;
}

/** A task as processes of this machine. */
export class ProcessTask implements TaskBody, Container {
  readonly mark: Container['mark'];
  readonly directory: string;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #means: ProcessMeans;

  /** Starts it. @throws LaunchError without a command, Error when its sandbox does not exist */
  constructor(command: CommandInfo, { directory, environment, uid, gid }: Surroundings, means: ProcessMeans) {
    this.mark = means.mark;
    this.directory = directory;
    this.#means = means;
    const { value } = command;
    if (value === undefined) throw new LaunchError('Executor terminated');
    const owner = uid === undefined || gid === undefined ? {} : { uid, gid };
    if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
    const files = ['stdout', 'stderr'].map((name) => openSync(join(directory, name), 'a', 0o644));
    const [program, argv] =
      (command.shell ?? true) ? ['/bin/sh', ['sh', '-c', value]] : [value, command.arguments ?? []];
    try {
      const child = spawn(program, argv.slice(1), {
        argv0: argv[0] ?? program,
        cwd: directory,
        env: environment,
        detached: true,
        stdio: ['ignore', ...files],
        ...owner,
      });
      this.#child = child;
      means.killer.started(this);
      this.ended = new Promise<Ending>((resolve) => {
        child.once('error', () => resolve(endingOf(1, null)));
        child.once('exit', (code, signal) => resolve(endingOf(code, signal)));
      }).then(async (ending) => {
        means.killer.ended(this);
        await this.destroy();
        return ending;
      });
    } finally {
      for (const file of files) closeSync(file);
    }
  }

  /** Pid of the first process, which leads the session. */
  get session(): number | undefined {
    return this.#child.pid;
  }

  terminate(): void {
    this.#means.killer.terminate(this);
  }

  async destroy(): Promise<void> {
    const survivors = await this.#means.killer.destroy(this);
    if (survivors.length > 0) this.#means.survived(survivors);
  }
}

const endingOf = (code: number | null, signal: NodeJS.Signals | null): Ending => ({
  succeeded: code === 0,
  message: exitMessage('Command', code, signal),
});
