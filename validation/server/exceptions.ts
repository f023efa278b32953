import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { ExceptionEntry, Excuse } from '../checks/exception.ts';
import { readingInside } from '../input/input-error.ts';
import type { Report } from '../report/model.ts';
import { rulesOf } from '../runs/judging/criteria.ts';
import { addException, exceptionOf } from '../runs/judging/exceptions.ts';
import { RunDir } from '../runs/store/store.ts';

/** The directory of this program, with the built-in rules and policies. */
const OWN = realpathSync(dirname(createRequire(import.meta.url).resolve('release-validation/package.json')));

/**
 * Makes the exception for a finding of a run. The run's directory may be hostile: only regular files in it are read.
 * @param root the run's directory, without symbolic links
 * @param report as the server has read it
 * @throws InputError
 */
export function exceptionIn(root: string, report: Report, fingerprint: string, excuse: Excuse): ExceptionEntry {
  const { steps } = readingInside([root, OWN], () => rulesOf(new RunDir(root)));
  return exceptionOf(report, steps, fingerprint, excuse, Date.now());
}

/** Adds an exception to the rule file of the server. @throws InputError */
export function addExceptionIn(root: string, file: string, entry: ExceptionEntry): void {
  readingInside([root, OWN, realpathSync(dirname(file))], () => addException(new RunDir(root), file, entry));
}
