import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Logger } from '../log.ts';
import { type HeldLock, type Lock, takeLock } from './lock.ts';

const VERSION = 1;
const HEADER = JSON.stringify({ journal: 'mesos-workqueue-framework', version: VERSION });
/** At this size the file is rewritten with the records that still count, and again each time it has doubled. */
const COMPACT_BYTES = 4 * 1024 * 1024;

/** File name of the journal in its state directory. */
export const JOURNAL_FILE = 'journal';

/** The journal cannot be used. The message says what to do. */
export class JournalError extends Error {
  override name = 'JournalError';
}

/**
 * Durable record of the scheduler's decisions. One line for each record, `CRC32 JSON`, after a header with the version.
 * `append` returns when the records are on the disk, so no call to Mesos is sent before its record is safe.
 * A crash during a write leaves an incomplete last line. It is dropped: its calls were never sent. Any other damage is an error.
 */
export class Journal<Entry> {
  readonly #path: string;
  readonly #lock: HeldLock;
  readonly #snapshot: () => Entry[];
  #fd: number;
  #size: number;
  #compactAt: number;

  /**
   * Opens or creates the journal in `dir` and reads it.
   * @param snapshot the records that still count, for compaction
   * @param load gets the records in order, before anything is appended
   * @throws JournalError when another process uses it, when it is damaged or has another version, or when `dir` cannot
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
        `process ${lock.holder} uses the journal ${path} already. Two frameworks with one journal would launch everything twice. ` +
          'Stop that framework, or give this one another state directory (--state-dir)',
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
    // Rewriting the file at each start removes an incomplete last line and old records before anything is appended.
    [this.#fd, this.#size] = this.#rewrite();
    this.#compactAt = Math.max(COMPACT_BYTES, 2 * this.#size);
  }

  /** Writes records to the disk. @throws when the disk does not take them: then nothing may be sent */
  append(records: readonly Entry[]): void {
    if (records.length === 0) return;
    try {
      const written = writeAll(this.#fd, records.map(line).join(''), this.#size);
      fsyncSync(this.#fd);
      this.#size += written;
    } catch (error) {
      // A later record must not follow half a record: that would be damage in the middle of the file.
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
    try {
      const size = writeAll(fd, `${HEADER}\n${this.#snapshot().map(line).join('')}`, 0);
      fsyncSync(fd);
      renameSync(fresh, this.#path);
      syncDirectory(join(this.#path, '..'));
      return [fd, size];
    } catch (error) {
      closeSync(fd);
      rmSync(fresh, { force: true });
      throw error;
    }
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
      `the state directory ${dir} cannot be written: ${(error as Error).message}. The framework keeps its journal there. ` +
        'Make it writable for this user, or name another directory with --state-dir',
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
      `${path} is not a journal of this version: it begins with ${JSON.stringify(header.slice(0, 80))}, not with ${HEADER}. ` +
        'Use the program version that wrote it, or move the file away to start without a journal (running workers are then killed)',
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
      log.warn(
        { path, line: index + 2 },
        'the last record of the journal is incomplete, as after a crash: it was dropped',
      );
      return records;
    }
    throw new JournalError(
      `${path} is damaged in line ${index + 2}: the checksum is wrong. Restore the file from a copy, or move it away to start without a journal (running workers are then killed)`,
    );
  }
  if (tail)
    log.warn(
      { path, line: lines.length + 1 },
      'the last record of the journal is incomplete, as after a crash: it was dropped',
    );
  return records;
}
