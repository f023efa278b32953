import { InputError, type Position, type Problem } from '../jdl/problem.ts';

/** A workflow definition that is wrong, or a JDL and a definition that do not make a plan. */
export class WorkflowError extends InputError {
  constructor(problems: readonly Problem[]) {
    super(problems);
    this.name = 'WorkflowError';
  }
}

/** One problem, thrown. */
export function fail(message: string, at?: Position): never {
  throw new WorkflowError([at ? { message, at } : { message }]);
}
