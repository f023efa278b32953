import { isAscii } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { isQuicklyRead } from '../../files/json-bytes.ts';
import { NotRegular } from '../../files/regular-file.ts';
import { parseEvent, type RunEvent } from './events.ts';

const CHUNK = 1 << 20;
const LINE_FEED = 0x0a;

/** Appends to events.ndjson. If a full disk or a crash cut off the last line, the next event starts a new line. */
export class EventWriter {
  readonly #fd: number;
  #torn: boolean;

  constructor(path: string) {
    this.#fd = openSync(path, 'a+');
    const { size } = fstatSync(this.#fd);
    const last = Buffer.alloc(1);
    this.#torn = size > 0 && readSync(this.#fd, last, 0, 1, size - 1) === 1 && last[0] !== LINE_FEED;
  }

  /** @throws when the disk is full or fails; then the event is not in the file */
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

/** Reads events.ndjson as it grows. It reads synchronously, for commands that do nothing else meanwhile. */
export class EventReader {
  readonly #path: string;
  readonly #onRead: ((bytes: Buffer) => unknown) | undefined;
  #offset: number;

  /**
   * @param offset in bytes, at the beginning of a line
   * @param onRead gets all bytes that are read, in order
   */
  constructor(path: string, offset = 0, onRead?: (bytes: Buffer) => unknown) {
    this.#path = path;
    this.#offset = offset;
    this.#onRead = onRead;
  }

  /** The byte offset up to which whole lines were read. */
  get offset(): number {
    return this.#offset;
  }

  /** The new events. The caller must read all of them. */
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
        this.#onRead?.(buffer.subarray(0, end));
        for (const { event } of parseEvents(buffer.subarray(0, end))) yield event;
      }
    } finally {
      closeSync(fd);
    }
  }
}

/**
 * The events in some complete lines of events.ndjson. Lines that are not events are left out: a crash or a full disk cut
 * them off, or another program wrote them.
 * @param from offset of the first byte in the file
 * @returns each event with the offset after its line
 */
export function parseEvents(bytes: Buffer, from = 0): { event: RunEvent; offset: number }[] {
  const events: { event: RunEvent; offset: number }[] = [];
  // In ASCII, a character is a byte: one text of all lines is made in a third of the time of a text for each line.
  const text = isAscii(bytes) ? bytes.toString('latin1') : undefined;
  for (let start = 0, feed = bytes.indexOf(LINE_FEED); feed >= 0; feed = bytes.indexOf(LINE_FEED, start)) {
    const isQuick = isQuicklyRead(bytes.subarray(start, feed));
    const event = isQuick ? parseEvent(text?.slice(start, feed) ?? bytes.toString('utf8', start, feed)) : undefined;
    start = feed + 1;
    if (event) events.push({ event, offset: from + start });
  }
  return events;
}

function openIfThere(path: string): number | undefined {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    throw new NotRegular(`${path} is not a regular file`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
