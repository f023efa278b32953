import { execFile, type SpawnOptions, spawn } from 'node:child_process';

/** The programs that can run containers; podman understands docker's command line. */
export type ContainerProgram = 'docker' | 'podman';

/** A command of the container program failed. */
export class ContainerError extends Error {
  override name = 'ContainerError';
}

/** The longest output, bytes. Most are short, but a list of many containers is long. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

/** Runs `docker` or `podman`. Its commands are child processes with a mark in their environment; they end with this program. */
export class ContainerCli {
  readonly program: ContainerProgram;
  readonly #environment: NodeJS.ProcessEnv;

  /** @param mark variables for the environment of every command, in addition to this program's own */
  constructor(program: ContainerProgram, mark: Record<string, string> = {}) {
    this.program = program;
    this.#environment = { ...process.env, ...mark };
  }

  /**
   * Runs one command to its end. @returns its output
   * @throws ContainerError with its stderr, in the words of Mesos' agent
   */
  run(args: readonly string[], signal?: AbortSignal): Promise<string> {
    const options = { env: this.#environment, maxBuffer: MAX_ANSWER_BYTES, ...(signal && { signal }) };
    return new Promise((resolve, reject) => {
      execFile(this.program, args, options, (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        const command = [this.program, ...args].join(' ');
        const how = typeof error.code === 'number' ? `exited with status ${error.code}` : error.message;
        reject(new ContainerError(`Failed to run '${command}': ${how}; stderr='${stderr.trim()}'`));
      });
    });
  }

  /** Starts a command that continues to run. */
  spawn(args: readonly string[], stdio: SpawnOptions['stdio']) {
    return spawn(this.program, args, { env: this.#environment, stdio: stdio ?? 'ignore', detached: true });
  }
}
