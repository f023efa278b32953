import type { Plan } from './plan.ts';
import { type PlanOptions, planJdl, planWorkflow } from './planner.ts';

/** What to plan, as the flags of the commands say it. The request of a run has the same form. */
export interface InputArguments {
  input: string;
  set: string[];
  setAppend: string[];
  arg?: string[] | undefined;
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
    arg: args.arg,
    lenient: args.lenient,
    ...(args.workflow !== undefined && { workflow: args.workflow }),
    ...(args.startAt !== undefined && { startAt: args.startAt }),
    ...(args.stopAt !== undefined && { stopAt: args.stopAt }),
    ...(args.only !== undefined && { only: args.only }),
    ...more,
  };
  return /\.ya?ml$/.test(args.input) ? planWorkflow(args.input, options) : planJdl(args.input, options);
}
