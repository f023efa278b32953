import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { readRegular } from '../../files/regular-file.ts';
import { InputError } from '../../input/input-error.ts';
import { EventReader, EventWriter } from './event-log.ts';
import type { RunEvent, RunView } from './events.ts';
import { RECORDS, SUMMARIES } from './kept-records.ts';
import { type RunRecord, type RunSummary, runRecordSchema, summaryOf } from './record.ts';
import { type Form, RecordCache } from './record-cache.ts';
import { ViewReader } from './view-reader.ts';

/** The directory of one run, which holds its whole state. This class knows the paths and writes files atomically. */
export class RunDir {
  readonly path: string;

  /** @param path of it; or the absolute path of the directory of runs, when `name` is its name there, which takes less time */
  constructor(path: string, name?: string) {
    this.path = name === undefined ? resolve(path) : `${path === '/' ? '' : path}/${name}`;
  }

  get work(): string {
    return join(this.path, 'work');
  }

  get reportDir(): string {
    return join(this.path, 'report');
  }

  get eventsFile(): string {
    return join(this.path, 'events.ndjson');
  }

  attemptDir(step: string, attempt: number): string {
    return join(this.path, 'steps', step, String(attempt));
  }

  /** @throws InputError when run.json is missing or invalid */
  readRecord(): RunRecord {
    const file = join(this.path, 'run.json');
    let text: string;
    try {
      text = readRegular(file, RECORD_LIMIT);
    } catch (error) {
      throw new InputError([{ message: `${file} cannot be read: ${(error as Error).message}` }]);
    }
    const record = parseRecord(text);
    if (typeof record === 'string') throw new InputError([{ message: `${file} ${record}` }]);
    return record;
  }

  writeRecord(record: RunRecord): void {
    replaceFile(join(this.path, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
  }

  /** Appends one event. To write many, keep an EventWriter. */
  appendEvent(event: RunEvent): void {
    const events = new EventWriter(this.eventsFile);
    try {
      events.append(event);
    } finally {
      events.close();
    }
  }

  /** All events. A line that a full disk or a crash cut off is skipped. */
  readEvents(): Iterable<RunEvent> {
    return new EventReader(this.eventsFile).read();
  }

  /** The progress of the run, from its events. */
  readView(): RunView {
    const reader = new ViewReader(this.eventsFile);
    reader.read();
    return reader.view;
  }

  /** The numbers of the attempts of a step, in order. */
  attempts(step: string): number[] {
    const dir = join(this.path, 'steps', step);
    if (!existsSync(dir)) return [];
    return readdirSync(dir)
      .map(Number)
      .filter(Number.isInteger)
      .sort((a, b) => a - b);
  }
}

/** The largest size of a run.json in bytes. It usually has some thousand. */
export const RECORD_LIMIT = 4 * 2 ** 20;

/** The largest size of a report.json, or of an outcome.json, in bytes. With 10,000 steps it has some 10 MB. */
export const REPORT_LIMIT = 512 * 2 ** 20;

/** Parses a run.json. @returns the record; or why it is invalid, as text to follow the file's name */
export function parseRecord(text: string): RunRecord | string {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return 'is no JSON';
  }
  // Without `jitless`, zod would compile the schema first, which takes several times as long as it checks one record.
  const parsed = runRecordSchema.safeParse(data, { jitless: true });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0] as (typeof parsed.error.issues)[number];
  return `is not a run record of this version: ${path.map(String).join('.')}: ${message}`;
}

/**
 * Replaces a file atomically: readers, also after a crash, see the old file or the new one, never a part.
 * @param text of the file, or its pieces in order
 * @param mode of the file if it does not exist yet
 * @throws when the disk is full or fails; then the old file is as it was, and nothing else is left
 */
export function replaceFile(path: string, text: string | Iterable<string>, mode = 0o666): void {
  const fresh = `${path}.new`;
  const fd = openSync(fresh, 'w', mode);
  try {
    try {
      for (const piece of typeof text === 'string' ? [text] : text) {
        const bytes = Buffer.from(piece);
        for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, path);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Of fewer runs the files are read as quickly as a cache. */
const WORTH_A_CACHE = 200;

/** Reads a run.json, unless it is as it was when it was kept. @param take what of the record is kept */
function readThrough<T, K>(cache: RecordCache<T, K>, name: string, run: RunDir, take: (record: RunRecord) => T): T {
  const mark = lstatSync(`${run.path}/run.json`, { throwIfNoEntry: false });
  const known = mark && cache.get(name, mark);
  if (known) return known;
  const taken = take(run.readRecord());
  if (mark?.isFile()) cache.set(name, mark, taken, Date.now());
  return taken;
}

/** A run that can be read. */
export interface FoundRun<T = RunRecord> {
  run: RunDir;
  record: T;
}

/** A directory with an invalid run.json. */
export interface UnreadableRun {
  /** The name of the directory. */
  name: string;
  run: RunDir;
  reason: string;
}

export interface FoundRuns<T> {
  runs: FoundRun<T>[];
  unreadable: UnreadableRun[];
}

/** The runs below one directory. */
export class RunStore {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = resolve(dir);
  }

  /** Creates the directory of a new run: `<name>-<UTC yyyymmdd-hhmmss>`, followed by a number if it exists already. */
  create(name: string, now: Date): { id: string; run: RunDir } {
    const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    mkdirSync(this.dir, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const id = attempt === 1 ? `${name}-${stamp}` : `${name}-${stamp}-${attempt}`;
      try {
        mkdirSync(join(this.dir, id));
        return { id, run: new RunDir(join(this.dir, id)) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  /** All runs that can be read, oldest first. */
  list(): FoundRun[] {
    return this.look().runs;
  }

  /** All runs: those that can be read, oldest first, and directories with an invalid run.json. */
  look(): FoundRuns<RunRecord> {
    return this.#lookFor(RECORDS, (record) => record);
  }

  /** As `look`, with a part of each record only: with many runs it takes half of the time. */
  overview(): FoundRuns<RunSummary> {
    return this.#lookFor(SUMMARIES, summaryOf);
  }

  /** @param form of the cache @param take what of a record is kept there */
  #lookFor<T extends { created: number }, K>(form: Form<T, K>, take: (record: RunRecord) => T): FoundRuns<T> {
    const runs: FoundRun<T>[] = [];
    const unreadable: UnreadableRun[] = [];
    const entries = existsSync(this.dir) ? readdirSync(this.dir, { withFileTypes: true }) : [];
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const cache = names.length < WORTH_A_CACHE ? undefined : new RecordCache(this.dir, form);
    for (const name of names) {
      const run = new RunDir(this.dir, name);
      try {
        runs.push({ run, record: cache ? readThrough(cache, name, run, take) : take(run.readRecord()) });
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        const isThere = lstatSync(join(run.path, 'run.json'), { throwIfNoEntry: false }) !== undefined;
        if (isThere) unreadable.push({ name, run, reason: error.message });
      }
    }
    cache?.save();
    return { runs: runs.sort((a, b) => a.record.created - b.record.created), unreadable };
  }

  /**
   * Finds a run by its id, the path of its directory, or the beginning of its id; of several, the newest. `last` is the newest
   * of all.
   * @throws InputError that lists the newest runs, if there is no such run
   */
  find(wanted: string): RunDir {
    for (const path of [join(this.dir, wanted), resolve(wanted)]) {
      if (existsSync(join(path, 'run.json'))) return new RunDir(path);
    }
    const all = this.overview().runs;
    const fitting = all.filter(({ record }) => wanted === 'last' || record.id.startsWith(wanted));
    const newest = fitting.at(-1);
    if (newest) return newest.run;
    const known = all.slice(-5).map(({ record }) => record.id);
    const message =
      known.length === 0
        ? `no run ${wanted}: there are no runs in ${this.dir} (--runs names another directory)`
        : `no run ${wanted} in ${this.dir}; the newest are ${known.join(', ')}`;
    throw new InputError([{ message }]);
  }
}
