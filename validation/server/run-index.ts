import { type Dirent, existsSync } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { steadyNow } from '../../framework/tools/steady-clock.ts';
import { openInside, stampOf } from '../files/open-inside.ts';
import { type RunRecord, type RunStatus, statusSoon } from '../runs/store/record.ts';
import { parseRecord, RECORD_LIMIT } from '../runs/store/store.ts';

/** Interval of the checks of runs that have not ended. */
const TICK_MS = 500;
/** Number of other runs that are checked in each tick. So `accept` and removals appear within seconds, also with thousands of runs. */
const PER_TICK = 100;
/** Number of unreadable runs that are checked in each tick. */
const UNREADABLE_PER_TICK = 10;
/** New directories without a run.json are checked in each tick for this long. */
const YOUNG_MS = 60_000;
/** Times of files are exact to a few ms: a directory that changed this recently may change again with the same time. */
const SETTLED_MS = 100;
const AT_ONCE = 32;

export interface IndexedRun {
  /** Name of its directory. */
  id: string;
  /** Its directory, without symbolic links. */
  root: string;
  record: RunRecord;
  /** Status at the last check. */
  status: RunStatus;
}

interface Entry extends IndexedRun {
  stamp: string;
}

export type RunChange = { id: string; run?: IndexedRun };

/**
 * The runs below a directory. To stay up to date it checks the directory itself, and the run.json of runs that have not ended. It
 * reads no logs and no events.
 */
export class RunIndex {
  readonly dir: string;
  #root: string;
  readonly #runs = new Map<string, Entry>();
  /** All runs, newest first. The list is made again when a run appears or disappears. */
  #sorted: Entry[] | undefined;
  /** Directories without a readable record: when they were found, and the reason. */
  readonly #without = new Map<string, { since: number; reason: string | undefined }>();
  #dirTime = -1;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #listeners = new Set<(change: RunChange) => void>();

  constructor(dir: string) {
    this.dir = resolve(dir);
    this.#root = this.dir;
  }

  /** Reads all runs, and watches for changes from then on. */
  async start(): Promise<void> {
    await this.#scan();
    const tick = (): void => {
      this.#timer = setTimeout(async () => {
        await this.#tick().catch(() => undefined);
        if (!this.#closed) tick();
      }, TICK_MS);
    };
    tick();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** @returns a function that ends the subscription */
  onChange(listener: (change: RunChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Newest first. */
  all(): readonly IndexedRun[] {
    this.#sorted ??= [...this.#runs.values()].sort(newestFirst);
    return this.#sorted;
  }

  /** Runs with an unreadable run.json, and why. */
  unreadable(): { id: string; reason: string }[] {
    return [...this.#without].flatMap(([id, { reason }]) => (reason === undefined ? [] : [{ id, reason }]));
  }

  /** The run with this name, at this moment. */
  async get(id: string): Promise<IndexedRun | undefined> {
    if (!this.#runs.has(id)) await this.#scan();
    await this.#look(id);
    return this.#runs.get(id);
  }

  /** Checks some runs for changes. */
  async refresh(runs: readonly IndexedRun[]): Promise<IndexedRun[]> {
    await this.#lookAtAll(runs.map(({ id }) => id));
    return runs.flatMap(({ id }) => this.#runs.get(id) ?? []);
  }

  async #tick(): Promise<void> {
    await this.#scan();
    const now = steadyNow();
    const all = this.all();
    const others: string[] = [];
    for (let n = 0; n < Math.min(PER_TICK, all.length); n++) {
      others.push((all[this.#turn++ % all.length] as Entry).id);
    }
    const without = [...this.#without];
    const young = without.filter(([, { since }]) => now - since < YOUNG_MS).map(([id]) => id);
    for (let n = 0; n < Math.min(UNREADABLE_PER_TICK, without.length); n++) {
      others.push((without[this.#turn++ % without.length] as [string, unknown])[0]);
    }
    const live = all.filter(({ record }) => record.state !== 'ended').map(({ id }) => id);
    await this.#lookAtAll([...new Set([...live, ...young, ...others])]);
  }

  /** Finds new and removed directories, if the directory of runs has changed. */
  async #scan(): Promise<void> {
    let entries: Dirent[];
    let time: number;
    try {
      time = (await stat(this.dir)).mtimeMs;
      if (time === this.#dirTime) return;
      this.#root = await realpath(this.dir);
      entries = await readdir(this.dir, { withFileTypes: true });
    } catch {
      // The first run creates it.
      entries = [];
      time = -1;
    }
    this.#dirTime = Date.now() - time > SETTLED_MS ? time : -1;
    const names = new Set(entries.filter((entry) => entry.isDirectory()).map(({ name }) => name));
    for (const id of this.#runs.keys()) if (!names.has(id)) this.#remove(id);
    for (const id of this.#without.keys()) if (!names.has(id)) this.#without.delete(id);
    const fresh = [...names].filter((id) => !this.#runs.has(id) && !this.#without.has(id));
    await this.#lookAtAll(fresh);
  }

  async #lookAtAll(ids: readonly string[]): Promise<void> {
    for (let n = 0; n < ids.length; n += AT_ONCE) {
      await Promise.all(ids.slice(n, n + AT_ONCE).map((id) => this.#look(id)));
    }
  }

  /** Reads a run's record if it has changed. */
  async #look(id: string): Promise<void> {
    const known = this.#runs.get(id);
    const root = join(this.#root, id);
    if (id === '' || id.includes('/') || id === '.' || id === '..') return;
    const read = await readRecord(root, known?.stamp);
    if (read === 'same' && known) {
      const status = await statusSoon(known.record, root);
      // Another look may have found a newer record meanwhile.
      if (status !== known.status && this.#runs.get(id) === known) this.#put({ ...known, status });
    } else if (read === 'same' || 'reason' in read) {
      if (known && !existsSync(root)) this.#remove(id);
      if (!known && existsSync(root)) {
        const since = this.#without.get(id)?.since ?? steadyNow();
        this.#without.set(id, { since, reason: read === 'same' ? undefined : read.reason });
      }
    } else {
      const { record, stamp } = read;
      const before = this.#runs.get(id);
      const status = await statusSoon(record, root);
      if (this.#runs.get(id) === before) this.#put({ id, root, record, status, stamp });
      else await this.#look(id);
    }
  }

  #put(run: Entry): void {
    const known = this.#runs.get(run.id);
    this.#runs.set(run.id, run);
    this.#without.delete(run.id);
    this.#sorted = undefined;
    if (known?.stamp !== run.stamp || known.status !== run.status) this.#tell({ id: run.id, run });
  }

  #remove(id: string): void {
    this.#runs.delete(id);
    this.#sorted = undefined;
    this.#tell({ id });
  }

  #tell(change: RunChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

function newestFirst(a: IndexedRun, b: IndexedRun): number {
  return b.record.created - a.record.created || (a.id < b.id ? 1 : -1);
}

async function readRecord(
  root: string,
  knownStamp: string | undefined,
): Promise<{ record: RunRecord; stamp: string } | 'same' | { reason: string | undefined }> {
  try {
    if (knownStamp !== undefined && stampOf(await stat(join(root, 'run.json'))) === knownStamp) return 'same';
    const { handle, stat: opened } = await openInside(root, 'run.json');
    try {
      const stamp = stampOf(opened);
      if (opened.size > RECORD_LIMIT) return { reason: `run.json has more than ${RECORD_LIMIT} bytes` };
      const record = parseRecord(await handle.readFile('utf8'));
      return typeof record === 'string' ? { reason: `run.json ${record}` } : { record, stamp };
    } finally {
      await handle.close();
    }
  } catch {
    const isThere = await lstat(join(root, 'run.json')).catch(() => undefined);
    return { reason: isThere && 'run.json is not a regular file, or cannot be read' };
  }
}
