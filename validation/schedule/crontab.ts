import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { quote } from '../step/shell-words.ts';
import { type Change, SchedulerError } from './change.ts';
import { commandOf, type Nightly } from './nightly.ts';

const PATIENCE_MS = 30_000;

/**
 * The lines of a crontab that start a nightly, between two comments by which they are found again. What it says goes to
 * a file beside its runs.
 * @param fallback the words that stand for `relval`; absolute, since cron has a PATH of its own
 * @param zone that of the lines that follow, which cronie would else read by the nightly's; empty: the machine's
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
    // A bare % ends the command and begins its input: crontab(5).
    `${times.cron} ${command.replaceAll('%', '\\%')}`,
    // Debian's cron takes an empty value in quotes only.
    `CRON_TZ="${zone}"`,
    last(name),
  ];
}

/** The zone that a crontab gives to what stands behind the place of a nightly's lines; empty: the machine's. */
export function zoneBehind(crontab: string, name: string): string {
  const all = crontab.split('\n');
  const from = all.indexOf(first(name));
  const above = from < 0 ? all : all.slice(0, from);
  return above.reduce((zone, line) => /^\s*CRON_TZ\s*=\s*["']?([^"']*?)["']?\s*$/.exec(line)?.[1] ?? zone, '');
}

/** A crontab with the lines of a nightly in the place of those that it had, or at its end; without `lines`, without them. */
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

/** Whether the lines of a nightly are there and as they should be. @throws SchedulerError */
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
  // A user who has none yet is told so, with status 1.
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
      reject(new SchedulerError(`crontab cannot be run (package cron or cronie): ${error.message}`));
    });
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // One that does not read what it is given says why on stderr.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
