import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from './events.ts';
import type { RunDir } from './store.ts';

/**
 * Removes the directories of attempts that no event knows. An attempt gets its directory, and then its event, which a full disk
 * or a kill may prevent. The next attempt has the same number, and must not find these files.
 */
export function removeUnknownAttempts(run: RunDir, { steps }: RunView): void {
  for (const step of stepsIn(run)) {
    const known = steps.get(step)?.attempt ?? 0;
    for (const attempt of run.attempts(step)) {
      if (attempt > known) rmSync(run.attemptDir(step, attempt), { recursive: true, force: true });
    }
  }
}

/** The steps that have directories. */
function stepsIn(run: RunDir): string[] {
  try {
    return readdirSync(join(run.path, 'steps'));
  } catch {
    return [];
  }
}
