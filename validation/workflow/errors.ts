import { InputError, type Position, type Problem } from '../input/input-error.ts';

/** The workflow definition is wrong, or the JDL and the definition do not make a plan. */
export class WorkflowError extends InputError {
  constructor(problems: readonly Problem[]) {
    super(problems);
    this.name = 'WorkflowError';
  }
}

/** A file that a stage has made decides how many steps another stage has, but it lists none: the payload of the first stage did something wrong. */
export class MadeFileError extends WorkflowError {
  readonly file: string;
  /** Number, from 1, of the line that is shown. */
  readonly line: number | undefined;

  constructor(file: string, problem: Problem) {
    super([problem]);
    this.name = 'MadeFileError';
    this.file = file;
    this.line = problem.at?.line;
  }
}

/** Throws one problem. */
export function fail(message: string, at?: Position): never {
  throw new WorkflowError([at ? { message, at } : { message }]);
}
