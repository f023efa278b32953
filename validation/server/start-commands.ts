import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { HttpError } from './http-error.ts';

/** Time limit for a command that plans a run and hands it over to a background process. */
const PATIENCE_MS = 120_000;
/** Largest number of such commands at the same time. */
const AT_ONCE = 4;
/** What `relval run`, `resume` and `retry` print with `--detach --json`. */
const detached = z.object({ id: z.string() });

function thisCommand(): string[] {
  return [process.execPath, createRequire(import.meta.url).resolve('release-validation/dist/validation/cli/main.js')];
}

/** Starts runs by the command `relval` in a child process. */
export class StartCommands {
  readonly #command: readonly string[] | undefined;
  readonly #runs: string;
  #running = 0;

  constructor(command: readonly string[] | undefined, runs: string) {
    this.#command = command;
    this.#runs = runs;
  }

  /**
   * @param words `run`, `resume` or `retry` with its arguments
   * @returns the id of the run, which then runs in the background
   * @throws HttpError 400 with the command's message for bad input, 500 when the command failed in another way, 503 when too many run
   */
  async start(words: readonly string[], cwd = this.#runs): Promise<string> {
    if (this.#running >= AT_ONCE) throw new HttpError(503, 'the server starts other runs at this moment: try again');
    const [file = '', ...first] = this.#command ?? thisCommand();
    this.#running++;
    try {
      const stdout = await new Promise<string>((resolve, reject) => {
        const args = [...first, ...words, '--detach', '--json', `--runs=${this.#runs}`];
        const options = { cwd, timeout: PATIENCE_MS, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 1 << 20 };
        execFile(file, args, options, (error, printed, stderr) => {
          const said = stderr.trim().replace(/^relval: /, '');
          if (!error) resolve(printed);
          else reject(new HttpError(error.code === 2 ? 400 : 500, said || error.message));
        });
      });
      return detached.parse(JSON.parse(stdout)).id;
    } finally {
      this.#running--;
    }
  }
}
