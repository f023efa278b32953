import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { listLogs } from '../../logs/log-bundle.ts';
import type { StepState } from '../../report/model.ts';
import { stepFile } from '../../step/names.ts';
import type { Step } from '../../workflow/plan.ts';
import { readReport } from '../judging/reference.ts';
import { readResult } from '../store/collect.ts';
import type { RunJournal } from '../store/journal.ts';
import type { RunDir } from '../store/store.ts';

/**
 * Makes makeflow repeat the broken steps of a phase. Makeflow takes them for done, but a full disk cut off their files during
 * the transfer, or their logs could not be read. Makeflow must not be running.
 */
export async function repeatBroken({ run, view }: RunJournal, steps: readonly Step[]): Promise<void> {
  if (view.steps.size === 0) return;
  const unknown = (readReport(run)?.steps ?? []).filter(({ state }) => state === 'broken').map(({ id }) => id);
  const broken = new Set(unknown);
  for (const { id } of steps) {
    if (!existsSync(resultOf(run, id))) continue;
    const isBroken = view.steps.get(id)?.state === 'broken' || broken.has(id) || !(await isWhole(run, id));
    if (isBroken) repeat(run, id);
  }
}

/**
 * Makes makeflow repeat steps of a run that has ended, and the steps that depend on them. All steps of later phases depend on
 * them, because repeated steps may decide their number; so their Makeflow files are written again. Makeflow must not be running.
 */
export function repeatSteps(run: RunDir, steps: readonly string[]): void {
  const { planned } = run.readView();
  const wanted = new Set(steps);
  const isWanted = (id: string): boolean => wanted.has(id);
  const first = Math.min(...[...planned].filter(([, ids]) => ids.some(isWanted)).map(([phase]) => phase));
  for (const [phase, ids] of planned) {
    if (phase > first) removeMakeflow(run, phase);
    for (const id of ids) if (phase > first || isWanted(id)) repeat(run, id);
  }
}

/**
 * The steps of a phase that makeflow will run again although they have ended: those whose result is gone, and those that wait for
 * them.
 */
export function stepsToRepeat({ run, view }: RunJournal, steps: readonly Step[]): string[] {
  const repeated = new Set<string>();
  // In the order of the plan, in which a step comes behind those that it waits for.
  for (const { id, after } of steps) {
    const known = view.steps.get(id);
    if (!known || known.again || !ENDED.includes(known.state)) continue;
    if (!existsSync(resultOf(run, id)) || after.some((other) => repeated.has(other))) repeated.add(id);
  }
  return [...repeated];
}

const ENDED: readonly StepState[] = ['succeeded', 'failed', 'broken'];

/** Makeflow runs a rule again when one of its targets is gone, and then the rules that need its targets. */
function repeat(run: RunDir, step: string): void {
  rmSync(resultOf(run, step), { force: true });
}

const resultOf = (run: RunDir, step: string): string => join(run.work, stepFile(step, 'result.json'));

/** Removes the Makeflow file of a phase with all logs about it. */
function removeMakeflow(run: RunDir, phase: number): void {
  const file = `Makeflow.${phase}`;
  const names = readdirSync(run.work).filter((name) => name === file || name.startsWith(`${file}.`));
  for (const name of names) rmSync(join(run.work, name), { recursive: true, force: true });
}

/** Whether the files of a step contain a result with an end, and its logs. */
async function isWhole(run: RunDir, id: string): Promise<boolean> {
  const result = readResult(resultOf(run, id));
  if (!result || result.end === null) return false;
  const bundle = join(run.work, stepFile(id, 'logs'));
  return existsSync(bundle) && (await listLogs(bundle)).damage === undefined;
}
