import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../../input/input-error.ts';
import { MakeflowError } from '../../makeflow/write.ts';
import type { Plan } from '../../workflow/plan.ts';
import { type InputArguments, planInput } from '../../workflow/plan-input.ts';
import type { PlanOptions } from '../../workflow/planner.ts';
import { handedOn } from '../inputs/earlier-outputs.ts';
import { requestOfCopy } from '../inputs/input-copy.ts';
import { readLines } from '../inputs/next-phase.ts';
import type { RunRequest } from '../store/record.ts';
import type { RunDir } from '../store/store.ts';

/** Possible places of a file that a stage makes at run time; the first existing one is used. */
export type LookFor = (file: string, madeBy: string) => string[];

/** Looks in the current directory, then beside the input. */
export function besideInput(input: string, cwd = '.'): LookFor {
  return (file) => [join(cwd, file), join(dirname(input), file)];
}

/**
 * Plans a run. Some stages get their number of steps from a file that another stage makes (`timeBins.log`). If an earlier run
 * has such files, the plan uses them, and they become sources of the plan.
 * @throws InputError
 */
export function planWithFoundFiles(
  args: InputArguments,
  more: PlanOptions = {},
  lookFor = besideInput(args.input),
): Plan {
  const whole = args.startAt === undefined && args.only === undefined;
  const first = whole
    ? planInput(args, more)
    : planInput({ ...args, startAt: undefined, stopAt: undefined, only: undefined }, { ...more, allowMissing: true });
  const found = first.pending.flatMap(({ file, madeBy }) => {
    const path = lookFor(file, madeBy).find((candidate) => existsSync(candidate));
    return path === undefined ? [] : [{ file, madeBy, path }];
  });
  if (whole && found.length === 0) return first;
  const bins = Object.fromEntries(found.map(({ file, path }) => [file, readLines(path)]));
  const plan = planInput(args, { ...more, bins: { ...bins, ...more.bins } });
  plan.sources.push(...found.map(({ path }) => resolve(path)));
  return plan;
}

/**
 * Plans a run. Files that stages make are used only for stages that do not run.
 * @throws InputError
 */
export function planRun(args: InputArguments, more: PlanOptions, lookFor: LookFor): Plan {
  if (args.startAt === undefined && args.only === undefined) return planInput(args, more);
  const plan = planWithFoundFiles(args, more, lookFor);
  const run = new Set(plan.stages.map((stage) => stage.name));
  return planWithFoundFiles(args, more, (file, madeBy) => (run.has(madeBy) ? [] : lookFor(file, madeBy)));
}

/**
 * Plans a run from its own copy of the inputs: the first time without the files that its stages make,
 * later with them.
 * @param request with the original paths; the copy is found by them
 */
export function planner(run: RunDir, request: RunRequest): (more: PlanOptions) => Plan {
  const copy = requestOfCopy(run, request);
  const options = { outputBase: run.path, ...(copy.cwd !== undefined && { cwd: copy.cwd }) };
  return (more) => planRun(copy, { ...options, ...more }, (file, madeBy) => handedOn(run, file, madeBy));
}

/** Input that makeflow cannot accept is a mistake of the user, not an internal error. */
export function asInputError(error: Error): Error {
  if (error instanceof MakeflowError || error instanceof RangeError)
    return new InputError([{ message: error.message }]);
  return error;
}
