import { InputError, type Position, type Problem } from '../input/input-error.ts';

/** A workflow definition that is wrong, or a JDL and a definition that do not make a plan. */
export class WorkflowError extends InputError {
  constructor(problems: readonly Problem[]) {
    super(problems);
    this.name = 'WorkflowError';
  }
}

/** A file that a stage has made decides how many steps another one has, and holds none: its payload did something wrong. */
export class MadeFileError extends WorkflowError {
  readonly file: string;
  /** From 1; of the line that is shown. */
  readonly line: number | undefined;

  constructor(file: string, problem: Problem) {
    super([problem]);
    this.name = 'MadeFileError';
    this.file = file;
    this.line = problem.at?.line;
  }
}

/** One problem, thrown. */
export function fail(message: string, at?: Position): never {
  throw new WorkflowError([at ? { message, at } : { message }]);
}
