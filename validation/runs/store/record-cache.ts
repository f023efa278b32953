import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDirectory } from '../../files/cache-directory.ts';
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
/** A new cache is written within this time. */
const ABANDONED_MS = 60_000;

/**
 * The run.json files of one directory of runs, as they were when they were read last. It is only a cache: an entry counts only
 * while its file is unchanged. It lies in the user's own cache directory, because others may write to the directory of runs, and it
 * belongs to this build of relval, because another one may read run.json in another way.
 */
export class RecordCache {
  readonly #path: string;
  readonly #build: string;
  readonly #before: Readonly<Record<string, Entry>>;
  readonly #now: Record<string, Entry> = Object.create(null);
  #changes = 0;

  /** @param dir of the runs, absolute */
  constructor(dir: string) {
    const name = createHash('sha256').update(dir).digest('hex').slice(0, 32);
    this.#path = join(cacheDirectory(), `runs-${name}.json`);
    const { size, mtimeMs } = statSync(fileURLToPath(import.meta.url));
    this.#build = `${size} ${mtimeMs}`;
    this.#before = readCache(this.#path, this.#build);
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

  /** Writes the cache when much has changed. Without a place to write to, there is none. */
  save(): void {
    const gone = Object.keys(this.#before).length + this.#changes - Object.keys(this.#now).length;
    if (this.#changes + gone < Math.max(20, Object.keys(this.#now).length / 100)) return;
    const fresh = `${this.#path}.new`;
    try {
      mkdirSync(cacheDirectory(), { recursive: true, mode: 0o700 });
    } catch {
      // The next process reads the files themselves.
      return;
    }
    try {
      // Two processes never write the same file.
      writeFileSync(fresh, JSON.stringify({ build: this.#build, entries: this.#now }), { mode: 0o600, flag: 'wx' });
      renameSync(fresh, this.#path);
    } catch (error) {
      // On a full disk a part was written.
      const isOther = (error as NodeJS.ErrnoException).code === 'EEXIST';
      if (!isOther || isAbandoned(fresh)) rmSync(fresh, { force: true });
    }
  }
}

/** A process that wrote it was killed: nobody writes for so long. */
function isAbandoned(path: string): boolean {
  const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return mtimeMs !== undefined && Date.now() - mtimeMs > ABANDONED_MS;
}

function readCache(path: string, build: string): Record<string, Entry> {
  try {
    const fd = openSync(path, 'r');
    try {
      const { uid } = fstatSync(fd);
      if (uid !== process.getuid?.()) return {};
      const cache = JSON.parse(readFileSync(fd, 'utf8')) as { build?: unknown; entries?: Record<string, Entry> };
      return cache.build === build && cache.entries ? cache.entries : {};
    } finally {
      closeSync(fd);
    }
  } catch {
    return {};
  }
}
