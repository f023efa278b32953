import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { listLogs } from '../../logs/log-bundle.ts';
import { stepFile } from '../../step/names.ts';
import type { Step } from '../../workflow/plan.ts';
import { readReport } from '../judging/reference.ts';
import { readResult } from '../store/collect.ts';
import type { RunJournal } from '../store/journal.ts';

/**
 * Before makeflow goes on with a run: has it repeat the steps of which nothing is known, though it takes them for done. Their
 * files were cut off by a full disk on their way here, or their logs could not be looked at. Makeflow runs a rule again
 * when one of its targets is gone. Makeflow must not be running.
 */
export async function forgetBroken({ run, view }: RunJournal, steps: readonly Step[]): Promise<void> {
  if (view.steps.size === 0) return;
  const unknown = (readReport(run)?.steps ?? []).filter(({ state }) => state === 'broken').map(({ id }) => id);
  const broken = new Set(unknown);
  for (const { id } of steps) {
    const target = join(run.work, stepFile(id, 'result.json'));
    if (!existsSync(target)) continue;
    const isBroken = view.steps.get(id)?.state === 'broken' || broken.has(id) || !(await isWhole(run.work, id));
    if (isBroken) rmSync(target, { force: true });
  }
}

/** Whether what a step left says how it ended, and has its logs. */
async function isWhole(work: string, id: string): Promise<boolean> {
  const result = readResult(join(work, stepFile(id, 'result.json')));
  if (!result || result.end === null) return false;
  const bundle = join(work, stepFile(id, 'logs'));
  return existsSync(bundle) && (await listLogs(bundle)).damage === undefined;
}
