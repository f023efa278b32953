import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from '../log.ts';
import { type HeldLock, type Lock, takeLock } from './lock.ts';

const VERSION = 1;
const HEADER = JSON.stringify({ journal: 'mesos-workqueue-framework', version: VERSION });
/** The file is rewritten with what still counts when it has grown to this, and again at each doubling from there. */
const COMPACT_BYTES = 4 * 1024 * 1024;

/** The journal, in its state directory. */
export const JOURNAL_FILE = 'journal';

/** A journal that cannot be used, with what to do about it. */
export class JournalError extends Error {
  override name = 'JournalError';
}

/**
 * Durable record of what the scheduler decided. One line a record, `CRC32 JSON`, after a header with the version.
 * `append` returns when the records are on the disk; so no call to Mesos leaves before its record is safe.
 * A torn last line is what a crash in mid-write leaves: it is dropped, its calls never left. Any other damage is an error.
 */
export class Journal<Entry> {
  readonly #path: string;
  readonly #lock: HeldLock;
  readonly #snapshot: () => Entry[];
  #fd: number;
  #size: number;
  #compactAt: number;

  /**
   * Opens, or begins, the journal in `dir` and reads it.
   * @param snapshot the records that still count, for compaction
   * @param load is given the records in order, before anything is appended
   * @throws JournalError when another process holds it, when it is damaged or of another version, or when `dir` cannot
   *   be written
   */
  static open<Entry>(
    dir: string,
    options: { log: Logger; load: (records: Entry[]) => void; snapshot: () => Entry[] },
  ): Journal<Entry> {
    const path = join(dir, JOURNAL_FILE);
    const lock = lockIn(dir);
    if (!lock.held) {
      throw new JournalError(
        `${path} is in use by process ${lock.holder}: two frameworks on one journal would launch everything twice. ` +
          'Stop that one, or give this one a state directory of its own (--state-dir)',
      );
    }
    try {
      options.load(readJournal<Entry>(path, options.log));
      return new Journal(path, lock, options.snapshot);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  private constructor(path: string, lock: HeldLock, snapshot: () => Entry[]) {
    this.#path = path;
    this.#lock = lock;
    this.#snapshot = snapshot;
    // Rewriting at each start drops a torn tail and what no longer counts, before anything is appended behind it.
    [this.#fd, this.#size] = this.#rewrite();
    this.#compactAt = Math.max(COMPACT_BYTES, 2 * this.#size);
  }

  /** Makes records durable. @throws when the disk does not take them: then nothing may be sent */
  append(records: readonly Entry[]): void {
    if (records.length === 0) return;
    try {
      const written = writeAll(this.#fd, records.map(line).join(''), this.#size);
      fsyncSync(this.#fd);
      this.#size += written;
    } catch (error) {
      // Half a record must not be left for a later one to be written behind it: that would be damage in the middle.
      ftruncateSync(this.#fd, this.#size);
      throw error;
    }
    if (this.#size < this.#compactAt) return;
    const old = this.#fd;
    [this.#fd, this.#size] = this.#rewrite();
    closeSync(old);
    this.#compactAt = Math.max(COMPACT_BYTES, 2 * this.#size);
  }

  close(): void {
    closeSync(this.#fd);
    this.#lock.release();
  }

  #rewrite(): [fd: number, size: number] {
    const fresh = `${this.#path}.new`;
    const fd = openSync(fresh, 'w', 0o600);
    const size = writeAll(fd, `${HEADER}\n${this.#snapshot().map(line).join('')}`, 0);
    fsyncSync(fd);
    renameSync(fresh, this.#path);
    syncDirectory(join(this.#path, '..'));
    return [fd, size];
  }
}

function line(record: unknown): string {
  const json = JSON.stringify(record);
  return `${checksum(json)} ${json}\n`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function writeAll(fd: number, text: string, position: number): number {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
  return bytes.length;
}

/** @throws JournalError */
function lockIn(dir: string): Lock {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    return takeLock(join(dir, 'lock'));
  } catch (error) {
    throw new JournalError(
      `${dir} cannot be written (${(error as Error).message}): the journal lives there. ` +
        'Make it writable for this user, or name another directory (--state-dir)',
      { cause: error },
    );
  }
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

function readJournal<Entry>(path: string, log: Logger): Entry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n');
  const tail = lines.pop();
  const [header = tail ?? '', ...rest] = lines;
  if (header !== HEADER || lines.length === 0) {
    throw new JournalError(
      `${path} begins with ${JSON.stringify(header.slice(0, 80))}, expected ${HEADER}: ` +
        'it is of another version or no journal. Use the program that wrote it, or move it away to begin anew (running workers are then killed)',
    );
  }
  const records: Entry[] = [];
  for (const [index, text] of rest.entries()) {
    const json = text.slice(9);
    if (text[8] === ' ' && checksum(json) === text.slice(0, 8)) {
      records.push(JSON.parse(json) as Entry);
      continue;
    }
    if (index === rest.length - 1 && tail === '') {
      log.warn({ path, line: index + 2 }, 'the last record of the journal is torn, as after a crash: dropped');
      return records;
    }
    throw new JournalError(
      `${path}, line ${index + 2}: damaged (its checksum does not fit). Restore it from a copy, or move it away to begin anew (running workers are then killed)`,
    );
  }
  if (tail)
    log.warn({ path, line: lines.length + 1 }, 'the last record of the journal is torn, as after a crash: dropped');
  return records;
}
