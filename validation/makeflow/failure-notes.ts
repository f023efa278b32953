import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The directory in which makeflow keeps the files of a rule's last failed attempt. @param node of the rule */
export function failedDirectory(directory: string, node: number): string {
  return join(directory, `${FAILED}${node}`);
}

const FAILED = 'makeflow.failed.';

/** In the same directory makeflow writes the command with all of its environment: secrets and the step's token. */
const NOTE = 'INFO.json';

/** Removes the file with the environment of a failed attempt. */
export function removeFailureNote(directory: string, node: number): void {
  rmSync(join(failedDirectory(directory, node), NOTE), { force: true });
}

/** The same for all rules, for attempts whose end was not seen. */
export function removeFailureNotes(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(FAILED)) rmSync(join(directory, name, NOTE), { force: true });
  }
}
