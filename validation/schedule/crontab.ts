import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { quote } from '../step/shell-words.ts';
import { type Change, SchedulerError } from './change.ts';
import { commandOf, type Nightly } from './nightly.ts';

const PATIENCE_MS = 30_000;

/**
 * The lines of a crontab that start a nightly, between two comments by which they are found again. The output of the nightly goes to
 * a file beside its runs.
 * @param fallback the command for `relval`, with an absolute path, because cron has its own PATH
 * @param zone the time zone of the following lines, which cronie would otherwise read with the nightly's zone; empty: the machine's
 */
export function cronLines(nightly: Nightly, fallback: readonly string[], zone = ''): string[] {
  const { name, file, runs, times, environment } = nightly;
  const assignments = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
  const words = [...(assignments.length > 0 ? ['env', ...assignments] : []), ...commandOf(nightly, fallback)];
  const log = quote(join(runs, `nightly-${name}.log`));
  const command = `cd ${quote(dirname(file))} && mkdir -p ${quote(runs)} && ${words.map(quote).join(' ')} >>${log} 2>&1`;
  return [
    first(name),
    `CRON_TZ=${times.timeZone}`,
    // An unescaped % ends the command and begins its input: crontab(5).
    `${times.cron} ${command.replaceAll('%', '\\%')}`,
    // Debian's cron accepts an empty value only in quotes.
    `CRON_TZ="${zone}"`,
    last(name),
  ];
}

/** The time zone that a crontab sets for the lines after a nightly's place; empty: the machine's. */
function zoneBehind(crontab: string, name: string): string {
  const all = crontab.split('\n');
  const from = all.indexOf(first(name));
  const above = from < 0 ? all : all.slice(0, from);
  return above.reduce((zone, line) => /^\s*CRON_TZ\s*=\s*["']?([^"']*?)["']?\s*$/.exec(line)?.[1] ?? zone, '');
}

/** A crontab in which the nightly's lines are replaced or, if it has none, appended; without `lines`, removed. */
export function replaceLines(crontab: string, name: string, lines: readonly string[] | undefined): string {
  const all = crontab === '' ? [] : crontab.replace(/\n$/, '').split('\n');
  const from = all.indexOf(first(name));
  const to = from < 0 ? -1 : all.indexOf(last(name), from);
  if (from >= 0 && to < 0)
    throw new SchedulerError(`the crontab has '${first(name)}' but not '${last(name)}': repair it with crontab -e`);
  const kept = from < 0 ? [all, []] : [all.slice(0, from), all.slice(to + 1)];
  const text = [...(kept[0] as string[]), ...(lines ?? []), ...(kept[1] as string[])];
  return text.length === 0 ? '' : `${text.join('\n')}\n`;
}

/** @throws SchedulerError */
export async function applyCron(nightly: Nightly, fallback: readonly string[], dryRun: boolean): Promise<Change> {
  const before = await readCrontab();
  const lines = cronLines(nightly, fallback, zoneBehind(before, nightly.name));
  const after = replaceLines(before, nightly.name, lines);
  const what = after === before ? 'unchanged' : before.includes(first(nightly.name)) ? 'updated' : 'created';
  if (what !== 'unchanged' && !dryRun) await writeCrontab(after);
  return { what, name: lines[2] as string };
}

/** @throws SchedulerError */
export async function removeCron(name: string, dryRun: boolean): Promise<Change> {
  const before = await readCrontab();
  const after = replaceLines(before, name, undefined);
  if (after === before) return { what: 'absent', name };
  if (!dryRun) await writeCrontab(after);
  return { what: 'removed', name };
}

/** Whether the lines of a nightly exist and are up to date. @throws SchedulerError */
export async function stateOfCron(
  nightly: Nightly,
  fallback: readonly string[],
): Promise<'installed' | 'changed' | 'absent'> {
  const before = await readCrontab();
  if (!before.includes(first(nightly.name))) return 'absent';
  const lines = cronLines(nightly, fallback, zoneBehind(before, nightly.name));
  return replaceLines(before, nightly.name, lines) === before ? 'installed' : 'changed';
}

function first(name: string): string {
  return `# relval nightly ${name}: written by relval schedule`;
}

function last(name: string): string {
  return `# relval nightly ${name}: end`;
}

async function readCrontab(): Promise<string> {
  const { code, stdout, stderr } = await crontab(['-l'], '');
  if (code === 0) return stdout;
  // For a user without a crontab the status is 1, and a message says so.
  if (/no crontab for/i.test(stderr)) return '';
  throw new SchedulerError(`crontab -l failed: ${stderr.trim() || `status ${code}`}`);
}

async function writeCrontab(text: string): Promise<void> {
  const { code, stderr } = await crontab(['-'], text);
  if (code !== 0) throw new SchedulerError(`crontab refused the new lines: ${stderr.trim() || `status ${code}`}`);
}

function crontab(args: string[], input: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('crontab', args, { timeout: PATIENCE_MS });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', (error) => {
      reject(new SchedulerError(`crontab cannot be run: ${error.message}. Install the package cron or cronie`));
    });
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // A crontab that does not read its input says why on stderr.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
