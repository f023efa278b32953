import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Where makeflow keeps what the last failed attempt of a rule left, in its own directory. @param node of the rule */
export function failedDirectory(directory: string, node: number): string {
  return join(directory, `${FAILED}${node}`);
}

const FAILED = 'makeflow.failed.';

/** Beside that makeflow writes there what it ran, with all of its environment: secrets and the step's token. */
const NOTE = 'INFO.json';

/** Removes what makeflow has written of the environment of a failed attempt. */
export function removeFailureNote(directory: string, node: number): void {
  rmSync(join(failedDirectory(directory, node), NOTE), { force: true });
}

/** The same of all rules, for those whose end nobody has seen. */
export function removeFailureNotes(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(FAILED)) rmSync(join(directory, name, NOTE), { force: true });
  }
}
