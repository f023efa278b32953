import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** `<µs> <node> <state> <jobid> <waiting> <running> <complete> <failed> <aborted> <total>`, or a line about something else. */
const WHOLE =
  /^(?:\d+ \d+ [0-4](?: \d+){7}|# (?:STARTED|COMPLETED|ABORTED|FAILED) \d+|# FILE \d+ \S+ \d+ \d+|#\s?[A-Z]+\s.*|)$/;

/**
 * Removes incomplete lines from makeflow's log, which a full disk or a crash has left. Makeflow appends to such a line as if
 * it were complete, and refuses to read the log the next time. Makeflow must not be running.
 * @returns whether there were any
 */
export function mendLog(path: string): boolean {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const lines = text.split('\n');
  const unfinished = lines.pop() !== '';
  const whole = lines.filter((line) => WHOLE.test(line));
  if (!unfinished && whole.length === lines.length) return false;
  writeFileSync(`${path}.new`, whole.map((line) => `${line}\n`).join(''), 'latin1');
  renameSync(`${path}.new`, path);
  return true;
}
