import { CacheFile, cacheName } from './cache-file.ts';
import type { RunRecord } from './record.ts';

/** The stamp of a file. While it stays the same, the content of the file has not changed. */
export interface FileMark {
  ino: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
}

type Entry = [ino: number, size: number, mtimeMs: number, ctimeMs: number, record: RunRecord];

/** A file that changed this recently may change again without another time: clocks of file systems have ticks. */
const SETTLED_MS = 2000;

/**
 * The run.json files of one directory of runs, as they were when they were read last, in a `CacheFile`. An entry counts only while
 * its file is unchanged.
 */
export class RecordCache {
  readonly #file: CacheFile<Record<string, Entry>>;
  readonly #before: Readonly<Record<string, Entry>>;
  readonly #now: Record<string, Entry> = Object.create(null);
  #changes = 0;

  /** @param dir of the runs, absolute */
  constructor(dir: string) {
    this.#file = new CacheFile(cacheName('runs', dir));
    this.#before = this.#file.read() ?? {};
  }

  /** The record of a run, when its file is as it was. @param name of its directory */
  get(name: string, { ino, size, mtimeMs, ctimeMs }: FileMark): RunRecord | undefined {
    const entry = Object.hasOwn(this.#before, name) ? this.#before[name] : undefined;
    if (!entry || entry[0] !== ino || entry[1] !== size || entry[2] !== mtimeMs || entry[3] !== ctimeMs)
      return undefined;
    this.#now[name] = entry;
    return entry[4];
  }

  /** Keeps what was read. @param mark of the file before it was read @param now ms since 1970 */
  set(name: string, { ino, size, mtimeMs, ctimeMs }: FileMark, record: RunRecord, now: number): void {
    if (now - Math.max(mtimeMs, ctimeMs) < SETTLED_MS) return;
    this.#now[name] = [ino, size, mtimeMs, ctimeMs, record];
    this.#changes++;
  }

  /** Writes the cache when much has changed. */
  save(): void {
    const gone = Object.keys(this.#before).length + this.#changes - Object.keys(this.#now).length;
    if (this.#changes + gone >= Math.max(20, Object.keys(this.#now).length / 100)) this.#file.write(this.#now);
  }
}
