import { chmodSync, mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The files of an ended task that are kept: its output. */
const KEPT = new Set(['stdout', 'stderr']);

/**
 * Makes the directory of an agent's sandboxes, which only its owner can read: steps keep secrets there.
 * @returns whether it is new
 */
export function makeSandboxes(directory: string): boolean {
  const made = mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o700);
  return made !== undefined;
}

/**
 * Removes the files of tasks that were killed together with their agent. Each agent has a directory, with a directory for each
 * task. If a process of such a task still runs, nobody uses its results.
 * @param onProblem gets files that cannot be removed, for example because a container wrote them as another user
 */
export async function clearSandboxes(directory: string, onProblem: (error: Error) => void): Promise<void> {
  for (const agent of await entriesOf(directory)) {
    for (const task of await entriesOf(join(directory, agent))) {
      for (const name of await entriesOf(join(directory, agent, task))) {
        if (!KEPT.has(name)) {
          await rm(join(directory, agent, task, name), { recursive: true, force: true, maxRetries: 3 }).catch(
            onProblem,
          );
        }
      }
    }
  }
}

async function entriesOf(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
