import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { takeFlock } from '../../framework/tools/flock.ts';
import { isQuicklyRead } from '../files/json-bytes.ts';
import { NoSuchFileError, openInside, stampOf } from '../files/open-inside.ts';
import { NotRegular, readRegular } from '../files/regular-file.ts';
import { InputError } from '../input/input-error.ts';
import { replaceFile } from '../runs/store/store.ts';
import { type HistoryLine, LINE_SCHEMA, lineSchema } from './line.ts';
import { type EndedRecord, lineOf, lineOfReport, type ReportPart } from './make-line.ts';

/** Directory of the history below the directory of runs. No run can have this name: the id of a run ends with a time. */
export const HISTORY_DIR = 'history';
const FILE = join(HISTORY_DIR, 'runs.ndjson');

/** The largest size of the history file, bytes. 100,000 runs have about 200 MB. */
const LARGEST = 512 * 2 ** 20;
/** The largest size of a report.json, bytes. A run of 100,000 steps has about 60 MB. */
const LARGEST_REPORT = 128 * 2 ** 20;
/** Seconds to wait for another process that writes lines, and between two looks. */
const PATIENCE = 10;
const LOOK_EVERY = 0.1;
/** The file is written again when it has this many unused lines, and more unused lines than used ones. */
const MANY_OLD = 200;
/** The number of runs that are read at the same time. */
const AT_ONCE = 16;

/** A run with its record. */
export interface RecordedRun {
  /** The directory of the run. */
  path: string;
  record: EndedRecord;
  /** Its report, if this process has just written it. */
  report?: ReportPart;
}

/** Lines by the id of their run. */
export type Lines = ReadonlyMap<string, HistoryLine>;

/** The lines in a text. A later line of a run replaces an earlier one. Invalid lines are left out. */
export function parseLines(text: string): { lines: Map<string, HistoryLine>; count: number; foreign: string[] } {
  const lines = new Map<string, HistoryLine>();
  /** Lines of another form, for example of a later version. They are kept unchanged. */
  const foreign: string[] = [];
  let count = 0;
  for (const one of text.split('\n')) {
    if (one === '') continue;
    count++;
    const data = parseJson(one);
    const parsed = lineSchema.safeParse(data);
    if (parsed.success) lines.set(parsed.data.id, parsed.data);
    else if (isForeign(data)) foreign.push(one);
  }
  return { lines, count, foreign };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isForeign(data: unknown): boolean {
  const schema = (data as { schema?: unknown } | null | undefined)?.schema;
  return typeof schema === 'string' && schema !== LINE_SCHEMA && schema.startsWith('relval-history-');
}

/**
 * The stored lines of a directory of runs; none if there is no file, or it cannot be read.
 * @param dir directory of runs
 */
export function readLines(dir: string): Map<string, HistoryLine> {
  return parseLines(textOf(dir)).lines;
}

function textOf(dir: string): string {
  try {
    return readRegular(join(dir, FILE), LARGEST);
  } catch {
    return '';
  }
}

/** A stamp that changes with the history file; `''` if there is none. */
export async function linesStamp(dir: string): Promise<string> {
  return stat(join(dir, FILE)).then(stampOf, () => '');
}

/**
 * The lines of some runs: known lines that are up to date, and new lines of the other runs. Only for new lines the report is read.
 * @returns `fresh`: the new lines
 */
export async function linesOf(
  runs: readonly RecordedRun[],
  known: Lines,
): Promise<{ lines: HistoryLine[]; fresh: HistoryLine[] }> {
  const lines: HistoryLine[] = [];
  const fresh: HistoryLine[] = [];
  const ended = runs.filter(({ record }) => record.state === 'ended');
  for (let n = 0; n < ended.length; n += AT_ONCE) {
    const made = await Promise.all(ended.slice(n, n + AT_ONCE).map((run) => freshLine(run, known)));
    for (const [index, line] of made.entries()) {
      const of = (ended[n + index] as RecordedRun).record.id;
      if (line) fresh.push(line);
      const now = line ?? known.get(of);
      if (now) lines.push(now);
    }
  }
  return { lines, fresh };
}

/** @returns the new line; undefined if the known line is up to date, or the run has no line */
async function freshLine({ path, record, report }: RecordedRun, known: Lines): Promise<HistoryLine | undefined> {
  const root = await realpath(path).catch(() => path);
  const stamp = await runStamp(root);
  if (known.get(record.id)?.stamp === stamp) return undefined;
  return report ? lineOfReport(record, report, stamp) : lineOf(record, await readReport(root), stamp);
}

/** The stamp of the two files from which a line is made. */
async function runStamp(root: string): Promise<string> {
  const stamps = ['run.json', join('report', 'report.json')].map((file) =>
    stat(join(root, file)).then(stampOf, () => '-'),
  );
  return (await Promise.all(stamps)).join(' ');
}

/** The report of a run; undefined if it cannot be read. Links out of the run are not followed. */
async function readReport(root: string): Promise<unknown> {
  try {
    const { handle, stat: opened } = await openInside(root, join('report', 'report.json'));
    try {
      if (opened.size > LARGEST_REPORT) return undefined;
      const bytes = await handle.readFile();
      return isQuicklyRead(bytes) ? parseJson(bytes.toString('utf8')) : undefined;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof NoSuchFileError) return undefined;
    throw error;
  }
}

/**
 * Adds lines to the file, under its lock. Lines that other processes have written in the meantime stay.
 * @param tidy also writes the whole file again, if most of its lines are unused
 * @throws InputError when another process holds the lock, or the directory is not writable
 * @throws FullDisk
 */
export function appendLines(dir: string, fresh: readonly HistoryLine[], tidy = false): void {
  if (!tryAppend(dir, fresh, { tidy, patience: PATIENCE })) throw locked(dir);
}

function locked(dir: string): InputError {
  return new InputError([{ message: `another process is writing the history in ${join(dir, HISTORY_DIR)}` }]);
}

interface Writing {
  tidy: boolean;
  /** Seconds to wait for the lock. */
  patience: number;
}

/** @returns false when another process holds the lock */
function tryAppend(dir: string, fresh: readonly HistoryLine[], how: Writing): boolean {
  if (fresh.length === 0) return true;
  try {
    return write(dir, fresh, how);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new FullDisk(message);
    throw new InputError([{ message: `the history in ${join(dir, HISTORY_DIR)} cannot be written: ${message}` }]);
  }
}

/** There is no space left for the lines. */
export class FullDisk extends Error {
  override name = 'FullDisk';
}

function write(dir: string, fresh: readonly HistoryLine[], { tidy, patience }: Writing): boolean {
  mkdirSync(join(dir, HISTORY_DIR), { recursive: true });
  const lock = takeFlock(join(dir, HISTORY_DIR, '.lock'), { patience });
  if (!lock) return false;
  try {
    append(join(dir, FILE), fresh.map(textOfLine).join(''));
    if (!tidy) return true;
    const { lines, count, foreign } = parseLines(textOf(dir));
    const used = lines.size + foreign.length;
    if (count - used < Math.max(MANY_OLD, used)) return true;
    replaceFile(
      join(dir, FILE),
      [...foreign.map((one) => `${one}\n`), ...[...lines.values()].map(textOfLine)].join(''),
    );
    return true;
  } finally {
    lock.release();
  }
}

function textOfLine(line: HistoryLine): string {
  return `${JSON.stringify(line)}\n`;
}

const APPEND = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;

/**
 * If a crash or a full disk has cut off the last line, the next line starts after a line feed. A named pipe, which others may
 * have put there, is an error at once: nobody would read what is written to it.
 */
function append(path: string, text: string): void {
  const fd = openSync(path, APPEND);
  try {
    const found = fstatSync(fd);
    if (found.isFIFO()) throw new NotRegular(`${path} is a named pipe`);
    const { size } = found;
    const last = Buffer.alloc(1);
    const torn = size > 0 && readSync(fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n';
    const bytes = Buffer.from(`${torn ? '\n' : ''}${text}`);
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes the missing lines of some runs.
 * @returns a function that writes them. After it the runs can be removed without a loss for the history. It throws like appendLines
 */
export async function keepLines(dir: string, runs: readonly RecordedRun[]): Promise<() => void> {
  const { fresh } = await linesOf(runs, readLines(dir));
  return () => appendLines(dir, fresh, true);
}

/**
 * Adds the line of one run that has just ended or was accepted, so that the history has it even if somebody removes the run before
 * anybody looks. While it waits for another process that writes lines, this process goes on.
 * @param dir directory of runs
 * @throws like appendLines
 */
export async function addLine(dir: string, run: RecordedRun): Promise<void> {
  const { fresh } = await linesOf([run], new Map());
  for (let left = PATIENCE; left > 0; left -= LOOK_EVERY) {
    if (tryAppend(dir, fresh, { tidy: false, patience: 0 })) return;
    await sleep(LOOK_EVERY * 1000);
  }
  throw locked(dir);
}
