import { mkdirSync, realpathSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, posix, sep } from 'node:path';

/** Only the owner can enter: the inputs and outputs of a task may contain secrets. Files in a sandbox have the modes of Mesos. */
const OWNER_ONLY = 0o700;

/** The files of an ended task that are kept. */
const KEPT = new Set(['stdout', 'stderr']);

/** The directories of one agent's tasks: `<root>/<task>` is the working directory of a task. */
export class Sandboxes {
  readonly #root: string;
  /** Directories by virtual path, without the file. */
  readonly #latest = new Map<string, string>();

  constructor(root: string) {
    mkdirSync(root, { recursive: true, mode: OWNER_ONLY });
    this.#root = realpathSync(root);
  }

  /**
   * Makes the directory of a task. If the name is taken (by another framework's task, or an earlier run), the directory gets the
   * container's id as its name, so that nothing is overwritten.
   */
  create(frameworkId: string, taskId: string, containerId: string): string {
    const directory = this.#make(taskId) ?? this.#make(containerId);
    if (!directory) throw new Error(`the sandbox ${join(this.#root, containerId)} exists already`);
    this.#latest.set(virtualPath(frameworkId, taskId), directory);
    return directory;
  }

  #make(name: string): string | undefined {
    const directory = join(this.#root, name);
    try {
      mkdirSync(directory, { mode: OWNER_ONLY });
      return directory;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
      throw error;
    }
  }

  /**
   * The file for a path from a client: below a sandbox's real directory, or below the virtual path
   * `/frameworks/FID/executors/TASKID/runs/latest`.
   * @returns undefined if it does not exist or lies outside, also through a symbolic link
   */
  resolve(path: string): string | undefined {
    const [, virtual, rest = ''] = /^(\/frameworks\/[^/]*\/executors\/[^/]*\/runs\/latest)(\/.*)?$/.exec(path) ?? [];
    const directory = virtual === undefined ? undefined : this.#latest.get(virtual);
    const named = directory === undefined ? path : posix.join(directory, rest);
    try {
      const real = realpathSync(named);
      return [...this.#latest.values()].some((sandbox) => real === sandbox || real.startsWith(sandbox + sep))
        ? real
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** Stops serving the files of a task. */
  forget(frameworkId: string, taskId: string): void {
    this.#latest.delete(virtualPath(frameworkId, taskId));
  }

  /** Removes the files of a task, except its stdout and stderr. */
  async clean(directory: string): Promise<void> {
    const left = (await readdir(directory)).filter((name) => !KEPT.has(name));
    await Promise.all(left.map((name) => rm(join(directory, name), { recursive: true, force: true })));
  }
}

const virtualPath = (frameworkId: string, taskId: string): string =>
  `/frameworks/${frameworkId}/executors/${taskId}/runs/latest`;
