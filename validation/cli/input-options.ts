import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Argv } from 'yargs';
import type { Plan } from '../workflow/plan.ts';
import { type PlanOptions, planJdl, planWorkflow } from '../workflow/planner.ts';

/** The flags that say what is to be run: shared by `plan`, `generate` and `run`. */
export function inputOptions<T>(yargs: Argv<T>) {
  return yargs
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
    .option('start-at', { type: 'string', describe: 'First stage to run; earlier ones are taken as done' })
    .option('stop-at', { type: 'string', describe: 'Last stage to run' })
    .option('only', { type: 'string', describe: 'Run this one step' });
}

export interface InputArguments {
  input: string;
  set: string[];
  setAppend: string[];
  lenient: boolean;
  workflow?: string | undefined;
  startAt?: string | undefined;
  stopAt?: string | undefined;
  only?: string | undefined;
}

/** Plans what the flags describe. @throws InputError */
export function planInput(args: InputArguments, more: PlanOptions = {}): Plan {
  const options: PlanOptions = {
    set: args.set,
    setAppend: args.setAppend,
    lenient: args.lenient,
    ...(args.workflow !== undefined && { workflow: args.workflow }),
    ...(args.startAt !== undefined && { startAt: args.startAt }),
    ...(args.stopAt !== undefined && { stopAt: args.stopAt }),
    ...(args.only !== undefined && { only: args.only }),
    ...more,
  };
  return /\.ya?ml$/.test(args.input) ? planWorkflow(args.input, options) : planJdl(args.input, options);
}

/**
 * Plans without running: a file that decides about the width of a stage (`timeBins.log`) is taken from the current
 * directory or from beside the input, where one of an earlier run is there.
 */
export function planWithMadeFiles(args: InputArguments, more: PlanOptions = {}): Plan {
  const plan = planInput(args, more);
  const bins: Record<string, readonly string[]> = {};
  for (const { file } of plan.pending) {
    const path = [file, join(dirname(args.input), file)].find((candidate) => existsSync(candidate));
    if (path !== undefined) bins[file] = readFileSync(path, 'utf8').split('\n');
  }
  return Object.keys(bins).length === 0 ? plan : planInput(args, { ...more, bins });
}
