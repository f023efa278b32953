import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { forgetOldest } from '../../../framework/tools/own-cache.ts';
import { cacheDirectory } from '../../files/cache-directory.ts';
import { CacheFile, cacheName } from './cache-file.ts';
import { EventReader } from './event-log.ts';
import { applyEvent, emptyView, type RunView } from './events.ts';
import { isMark, numbersOf } from './file-mark.ts';
import { type KeptView, keep, restore } from './kept-view.ts';

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
 * A view, and the first bytes of events.ndjson from which it was made: their number, and their SHA-256. `mark`: the stamp of the
 * file, if it was at rest.
 */
interface Kept {
  mark?: number[];
  offset: number;
  digest: string;
  view: KeptView;
}

/** What a view was made from so far. */
interface Begun {
  view: RunView;
  offset: number;
  hash: Hash;
}

/**
 * The progress of a run, from its events. It reads on as the file grows. Of a long run, the view is kept in relval's cache
 * directory, and the next reader begins with it. It counts only if the file is unchanged, or still begins with the same bytes: to
 * compute their SHA-256 takes a few per cent of the time that it takes to read the events in them.
 */
export class ViewReader {
  readonly #eventsFile: string;
  #view = emptyView();
  #events: EventReader | undefined;

  /** @param eventsFile path of events.ndjson, which may be absent */
  constructor(eventsFile: string) {
    this.#eventsFile = eventsFile;
  }

  /** As of the last `read`. */
  get view(): RunView {
    return this.#view;
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
    const cache = new CacheFile<Kept>(cacheName(KIND, this.#eventsFile));
    const kept = cache.read();
    if (kept?.mark && isMark(kept.mark, 0, mark)) {
      this.#view = restore(kept.view);
      return new EventReader(this.#eventsFile, kept.offset);
    }
    const { view, offset, hash } = beginning(this.#eventsFile, kept);
    this.#view = view;
    const events = this.#apply(new EventReader(this.#eventsFile, offset, (bytes) => hash.update(bytes)));
    const end = events.offset;
    const isAtRest = now - Math.max(mark.mtimeMs, mark.ctimeMs) >= AT_REST_MS;
    if (isAtRest || end - offset >= Math.max(WORTH_KEEPING, end * OUTDATED)) {
      const digest = hash.copy().digest('hex');
      cache.write({ ...(isAtRest && { mark: numbersOf(mark) }), offset: end, digest, view: keep(view) });
      forgetOldest(cacheDirectory(), `${KIND}-`, MOST_KEPT);
    }
    return events;
  }

  #apply(events: EventReader): EventReader {
    for (const event of events.read()) applyEvent(this.#view, event);
    return events;
  }
}

/** The kept view if it fits to the file, else an empty one. */
function beginning(eventsFile: string, kept: Kept | undefined): Begun {
  const empty = { view: emptyView(), offset: 0, hash: createHash('sha256') };
  if (!kept) return empty;
  try {
    const { offset, digest, view } = kept;
    const hash = hashOf(eventsFile, offset);
    return hash.copy().digest('hex') === digest ? { view: restore(view), offset, hash } : empty;
  } catch {
    return empty;
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
