import { CacheFile, cacheName } from './cache-file.ts';

/** The stamp of a file. While it stays the same, the content of the file has not changed. */
export interface FileMark {
  ino: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
}

type Entry<T> = [ino: number, size: number, mtimeMs: number, ctimeMs: number, content: T];

/** A file that changed this recently may change again without another time: clocks of file systems have ticks. */
const SETTLED_MS = 2000;

/**
 * What was read from the run.json files of one directory of runs, in a `CacheFile`. An entry counts only while its file is
 * unchanged.
 */
export class RecordCache<T> {
  readonly #file: CacheFile<Record<string, Entry<T>>>;
  readonly #before: Readonly<Record<string, Entry<T>>>;
  readonly #now: Record<string, Entry<T>> = Object.create(null);
  #changes = 0;

  /** @param kind what of each file is kept @param dir of the runs, absolute */
  constructor(kind: string, dir: string) {
    this.#file = new CacheFile(cacheName(kind, dir));
    this.#before = this.#file.read() ?? {};
  }

  /** What was kept of a run, when its file is as it was. @param name of its directory */
  get(name: string, { ino, size, mtimeMs, ctimeMs }: FileMark): T | undefined {
    const entry = Object.hasOwn(this.#before, name) ? this.#before[name] : undefined;
    if (!entry || entry[0] !== ino || entry[1] !== size || entry[2] !== mtimeMs || entry[3] !== ctimeMs)
      return undefined;
    this.#now[name] = entry;
    return entry[4];
  }

  /** Keeps what was read. @param mark of the file before it was read @param now ms since 1970 */
  set(name: string, { ino, size, mtimeMs, ctimeMs }: FileMark, content: T, now: number): void {
    if (now - Math.max(mtimeMs, ctimeMs) < SETTLED_MS) return;
    this.#now[name] = [ino, size, mtimeMs, ctimeMs, content];
    this.#changes++;
  }

  /** Writes the cache when much has changed. */
  save(): void {
    const gone = Object.keys(this.#before).length + this.#changes - Object.keys(this.#now).length;
    if (this.#changes + gone >= Math.max(20, Object.keys(this.#now).length / 100)) this.#file.write(this.#now);
  }
}
