import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { RunEvent } from './events.ts';

const CHUNK = 1 << 20;
const LINE_FEED = 0x0a;

/** Appends to events.ndjson. A line that a full disk or a crash has cut off stays alone: the next one begins anew. */
export class EventWriter {
  readonly #fd: number;
  #torn: boolean;

  constructor(path: string) {
    this.#fd = openSync(path, 'a+');
    const { size } = fstatSync(this.#fd);
    const last = Buffer.alloc(1);
    this.#torn = size > 0 && readSync(this.#fd, last, 0, 1, size - 1) === 1 && last[0] !== LINE_FEED;
  }

  /** @throws the disk is full, or fails: the event is not in the file then */
  append(event: RunEvent): void {
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${JSON.stringify(event)}\n`);
    const written = writeSync(this.#fd, bytes);
    this.#torn = written < bytes.length;
    if (this.#torn) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Reads events.ndjson as it grows. Lines that are no JSON, as a crash leaves them, are left out. */
export class EventReader {
  readonly #path: string;
  #offset: number;

  /** @param offset in bytes: what stands before it is known */
  constructor(path: string, offset = 0) {
    this.#path = path;
    this.#offset = offset;
  }

  /** In bytes, up to which whole lines were read. */
  get offset(): number {
    return this.#offset;
  }

  /** The events that are new. */
  *read(): Generator<RunEvent> {
    const fd = openIfThere(this.#path);
    if (fd === undefined) return;
    try {
      let buffer = Buffer.allocUnsafe(CHUNK);
      let start = 0;
      for (let end = 0; ; ) {
        if (end === buffer.length) {
          // a line that is longer than the buffer, or the begin of one that does not fit any more
          const larger = Buffer.allocUnsafe(start === 0 ? buffer.length * 2 : buffer.length);
          buffer.copy(larger, 0, start, end);
          [buffer, end, start] = [larger, end - start, 0];
        }
        const count = readSync(fd, buffer, end, buffer.length - end, this.#offset + end - start);
        if (count === 0) return;
        end += count;
        for (let at = buffer.indexOf(LINE_FEED, start); at >= 0 && at < end; at = buffer.indexOf(LINE_FEED, start)) {
          const event = parseEvent(buffer.toString('utf8', start, at));
          this.#offset += at + 1 - start;
          start = at + 1;
          if (event) yield event;
        }
      }
    } finally {
      closeSync(fd);
    }
  }
}

function parseEvent(line: string): RunEvent | undefined {
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    return undefined;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
