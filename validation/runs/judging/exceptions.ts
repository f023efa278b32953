import { chmodSync, fstatSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { z } from 'zod';
import { type Flock, takeFlock } from '../../../framework/tools/flock.ts';
import { type ExceptionEntry, type Excuse, exceptionFor } from '../../checks/exception.ts';
import { withException } from '../../checks/exception-file.ts';
import type { StepRule } from '../../checks/rules.ts';
import { InputError } from '../../input/input-error.ts';
import type { Finding, Report } from '../../report/model.ts';
import { type RunDir, replaceFile } from '../store/store.ts';
import { checkChoice, rulesFilesOf } from './criteria.ts';

/** The last day of an exception: `2030-01-31`, a day of the calendar. */
const DAY = z.iso.date();

/** The findings in the report of a run that no exception excuses, each fingerprint once. */
export function findingsToExcuse({ findings }: Report): Finding[] {
  const open = findings.filter(({ known, fingerprint }) => known === undefined && fingerprint !== undefined);
  return [...new Map(open.map((finding) => [finding.fingerprint, finding])).values()];
}

/**
 * Makes the exception that excuses a finding of a run, and the same finding in other runs.
 * @param report of the run @param steps the rules of the run about how steps end
 * @param fingerprint the fingerprint of the finding, or its beginning
 * @param now ms since 1970
 * @throws InputError when there is no such finding, no exception can excuse it, or the day has passed
 */
export function exceptionOf(
  report: Report,
  steps: readonly StepRule[],
  fingerprint: string,
  excuse: Excuse,
  now: number,
): ExceptionEntry {
  if (!DAY.safeParse(excuse.until).success)
    throw new InputError([{ message: `until ${excuse.until}: expected a day such as 2030-01-31` }]);
  if (excuse.until < new Date(now).toISOString().slice(0, 10))
    throw new InputError([{ message: `until ${excuse.until}: this day has passed` }]);
  const entry = exceptionFor(findingOf(report, fingerprint), excuse, steps);
  if (typeof entry === 'string') throw new InputError([{ message: entry }]);
  return entry;
}

/** s. Another process has added its exception by then. */
const PATIENCE_S = 5;

/**
 * Adds an exception to a rule file, or creates the file. The file is replaced as a whole, or not at all. It is checked together
 * with the rule files of the run, which may have the rule that it changes.
 * @throws InputError when the rule file has mistakes, or cannot be written
 */
export function addException(run: RunDir, file: string, entry: ExceptionEntry): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found && !found.isFile()) throw new InputError([{ message: `${file} is no file` }]);
  try {
    // What a link leads to is changed, and the link stays.
    const target = found ? realpathSync(file) : file;
    const lock = lockFile(target);
    try {
      write(rulesFilesOf(run), target, entry);
    } finally {
      if (!found && statSync(target, { throwIfNoEntry: false })?.size === 0) rmSync(target);
      lock.release();
    }
  } catch (error) {
    const { message } = error as Error;
    throw error instanceof InputError ? error : new InputError([{ message: `${file} cannot be written: ${message}` }]);
  }
}

/** Locks a file that is replaced as a whole: whoever waited for the lock has that of the old file. */
function lockFile(file: string): Flock {
  for (;;) {
    const lock = takeFlock(file, { patience: PATIENCE_S });
    if (!lock) throw new InputError([{ message: `${file}: another process is changing it` }]);
    if (statSync(file, { throwIfNoEntry: false })?.ino === fstatSync(lock.fd).ino) return lock;
    lock.release();
  }
}

/** @param before rule files that are read before it */
function write(before: readonly string[], file: string, entry: ExceptionEntry): void {
  const text = readFileSync(file, 'utf8');
  const isBlank = text.split('\n').every((line) => /^\s*(?:#.*)?$/.test(line));
  if (!isBlank) checkChoice({ rules: [...before, file] });
  const trial = `${file}.${process.pid}`;
  try {
    replaceFile(trial, withException(text, entry));
    checkChoice({ rules: [...before, trial] });
    chmodSync(trial, statSync(file).mode);
    renameSync(trial, file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const [why] = error.problems;
    throw new InputError([{ message: `the exception cannot be added to ${file}: ${why?.message}` }]);
  } finally {
    rmSync(trial, { force: true });
  }
}

/** @throws InputError */
function findingOf(report: Report, wanted: string): Finding {
  const all = findingsToExcuse(report);
  const fitting = wanted === '' ? [] : all.filter(({ fingerprint }) => fingerprint?.startsWith(wanted));
  const [first, ...others] = fitting;
  if (first && others.length === 0) return first;
  const many = `${fitting.length} findings have a fingerprint that begins with ${wanted}: give more characters of it`;
  const none = `no finding ${JSON.stringify(wanted)}; \`relval except RUN\` lists the findings of the run`;
  throw new InputError([{ message: first ? many : none }]);
}
