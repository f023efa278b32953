import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { forgetOldest } from '../../../framework/tools/own-cache.ts';
import { cacheDirectory } from '../../files/cache-directory.ts';
import { CacheFile, cacheName } from './cache-file.ts';
import { EventReader } from './event-log.ts';
import { applyEvent, emptyView, type RunView } from './events.ts';
import { isMark, numbersOf } from './file-mark.ts';
import { type KeptView, keep, restore } from './kept-view.ts';
import { type Outline, outlineOf } from './outline.ts';

/** Fewer bytes of events than this are read about as quickly as a cache. */
const WORTH_KEEPING = 128 * 1024;
/** A view of a file that changes is kept again when this share of the events is not in the kept one. */
const OUTDATED = 1 / 20;
/** A file that has been unchanged for so long may be that of a run that has ended: its view is kept with its stamp. */
const AT_REST_MS = 60_000;
/** The largest number of runs whose views are kept. */
const MOST_KEPT = 20;

const KIND = 'view';
const CHUNK = 1 << 20;

/**
 * The outline of a view, and the first bytes of events.ndjson from which it was made: their number, and their SHA-256. `mark`: the
 * stamp of the file, if it was at rest. The view itself comes behind it.
 */
interface Kept {
  mark?: number[];
  offset: number;
  digest: string;
  outline: Outline;
}

/**
 * The progress of a run, from its events. It reads on as the file grows. Of a long run, the view is kept in relval's cache
 * directory, and the next reader begins with it. It counts only if the file is unchanged, or still begins with the same bytes: to
 * compute their SHA-256 takes a few per cent of the time that it takes to read the events in them.
 */
export class ViewReader {
  readonly #eventsFile: string;
  #view: RunView | undefined = emptyView();
  /** What was kept; then `#view` is there only when it was asked for. */
  #kept: { outline: Outline; view: () => KeptView } | undefined;
  #events: EventReader | undefined;

  /** @param eventsFile path of events.ndjson, which may be absent */
  constructor(eventsFile: string) {
    this.#eventsFile = eventsFile;
  }

  /** As of the last `read`. */
  get view(): RunView {
    this.#view ??= restore(this.#kept?.view() as KeptView);
    return this.#view;
  }

  /** As of the last `read`. If nothing has changed since it was kept, it takes a twentieth of the time of the view. */
  get outline(): Outline {
    return this.#view || !this.#kept ? outlineOf(this.view) : this.#kept.outline;
  }

  /** Applies the events that are new in the file. */
  read(): void {
    if (this.#events) this.#apply(this.#events);
    else this.#events = this.#begin();
  }

  #begin(): EventReader {
    const now = Date.now();
    const mark = statSync(this.#eventsFile, { throwIfNoEntry: false });
    if (!mark || mark.size < WORTH_KEEPING) return this.#apply(new EventReader(this.#eventsFile));
    const cache = new CacheFile<Kept, KeptView>(cacheName(KIND, this.#eventsFile));
    const kept = cache.read();
    if (kept?.content.mark && isMark(kept.content.mark, 0, mark)) {
      this.#beginWith(kept.content, kept.more);
      return new EventReader(this.#eventsFile, kept.content.offset);
    }
    const same = kept && hashIfSame(this.#eventsFile, kept.content);
    if (kept && same) this.#beginWith(kept.content, kept.more);
    const offset = kept && same ? kept.content.offset : 0;
    const hash = same ?? createHash('sha256');
    const events = this.#apply(new EventReader(this.#eventsFile, offset, (bytes) => hash.update(bytes)));
    const end = events.offset;
    const isAtRest = now - Math.max(mark.mtimeMs, mark.ctimeMs) >= AT_REST_MS;
    if (isAtRest || end - offset >= Math.max(WORTH_KEEPING, end * OUTDATED)) {
      const digest = hash.copy().digest('hex');
      const stamp = isAtRest ? { mark: numbersOf(mark) } : {};
      cache.write({ ...stamp, offset: end, digest, outline: this.outline }, keep(this.view));
      forgetOldest(cacheDirectory(), `${KIND}-`, MOST_KEPT);
    }
    return events;
  }

  #beginWith({ outline }: Kept, view: () => KeptView): void {
    this.#kept = { outline, view };
    this.#view = undefined;
  }

  #apply(events: EventReader): EventReader {
    for (const event of events.read()) applyEvent(this.view, event);
    return events;
  }
}

/** The hash of the first bytes of a file, to go on with; undefined: they are not those that were kept, or the file is gone. */
function hashIfSame(path: string, { offset, digest }: Kept): Hash | undefined {
  try {
    const hash = hashOf(path, offset);
    return hash.copy().digest('hex') === digest ? hash : undefined;
  } catch {
    return undefined;
  }
}

/** The hash of the first bytes of a file, so far. */
function hashOf(path: string, length: number): Hash {
  const hash = createHash('sha256');
  const fd = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, length));
    for (let at = 0; at < length; ) {
      const count = readSync(fd, buffer, 0, Math.min(buffer.length, length - at), at);
      if (count === 0) break;
      hash.update(buffer.subarray(0, count));
      at += count;
    }
    return hash;
  } finally {
    closeSync(fd);
  }
}
