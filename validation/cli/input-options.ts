import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { readLines } from '../runs/inputs/made-files.ts';
import type { Plan } from '../workflow/plan.ts';
import { type InputArguments, planInput } from '../workflow/plan-input.ts';
import type { PlanOptions } from '../workflow/planner.ts';

/** The flags that say what is to be run: shared by `plan`, `generate` and `run`. */
export function inputOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['set', 'set-append', 'lenient', 'workflow', 'start-at', 'stop-at', 'only', 'from'], 'What is run:')
    .positional('input', { type: 'string', demandOption: true, describe: 'A JDL, or a workflow (.yaml) of your own' })
    .option('set', {
      type: 'string',
      array: true,
      default: [] as string[],
      nargs: 1,
      describe: 'KEY=VALUE: set a key of the JDL; repeatable',
    })
    .option('set-append', {
      type: 'string',
      array: true,
      default: [] as string[],
      nargs: 1,
      describe: 'KEY=VALUE: append to a key of the JDL; repeatable',
    })
    .option('lenient', {
      type: 'boolean',
      default: false,
      describe: 'Skip what is malformed in the JDL, with a warning',
    })
    .option('workflow', { type: 'string', describe: 'Workflow definition in the place of the built-in one' })
    .option('start-at', { type: 'string', describe: 'First stage to run; those before it are taken as done' })
    .option('stop-at', { type: 'string', describe: 'Last stage to run' })
    .option('only', { type: 'string', describe: 'Run this one step' });
}

/** Places where a file may be that a stage makes at run time; the first that exists is taken. */
export type LookFor = (file: string, madeBy: string) => string[];

/** In the current directory, or beside the input. */
export function besideInput(input: string, cwd = '.'): LookFor {
  return (file) => [join(cwd, file), join(dirname(input), file)];
}

/**
 * Plans with the files of an earlier run that decide about the width of stages (`timeBins.log`), where they are there.
 * They are sources of the plan.
 * @throws InputError
 */
export function planWithMadeFiles(
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
 * Plans a run: files that stages make are taken only from stages that are not run.
 * @throws InputError
 */
export function planRun(args: InputArguments, more: PlanOptions, lookFor: LookFor): Plan {
  if (args.startAt === undefined && args.only === undefined) return planInput(args, more);
  const plan = planWithMadeFiles(args, more, lookFor);
  const run = new Set(plan.stages.map((stage) => stage.name));
  return planWithMadeFiles(args, more, (file, madeBy) => (run.has(madeBy) ? [] : lookFor(file, madeBy)));
}
