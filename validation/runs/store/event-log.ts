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
  /** In bytes, up to which whole lines were read. */
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** The events that are new; who asks takes all of them. */
  *read(): Generator<RunEvent> {
    const fd = openIfThere(this.#path);
    if (fd === undefined) return;
    try {
      let buffer = Buffer.allocUnsafe(CHUNK);
      for (;;) {
        const count = readSync(fd, buffer, 0, buffer.length, this.#offset);
        if (count === 0) return;
        const end = buffer.lastIndexOf(LINE_FEED, count - 1) + 1;
        if (end === 0 && count < buffer.length) return;
        if (end === 0) buffer = Buffer.allocUnsafe(buffer.length * 2);
        this.#offset += end;
        for (const line of buffer.toString('utf8', 0, end).split('\n')) {
          const event = parseEvent(line);
          if (event) yield event;
        }
      }
    } finally {
      closeSync(fd);
    }
  }
}

function parseEvent(line: string): RunEvent | undefined {
  if (line === '') return undefined;
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
