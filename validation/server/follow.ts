import type { WebSocket } from 'ws';
import type { OpenFile } from '../files/open-inside.ts';
import { arrivalTimes } from '../logs/arrival-times.ts';
import { readBlock } from '../logs/line-index.ts';
import { type LogPlace, type OpenLog, openLog, openTimes } from '../logs/open-log.ts';
import type { FollowMessage } from './api.ts';
import { send } from './sockets.ts';

/** Pause between two reads of a log. */
const LOOK_MS = 100;
/** Largest message. Nothing more is read until the client has received it. */
const CHUNK = 128 * 1024;

export interface FollowedLog extends LogPlace {
  /** Offset of the first byte to send. */
  offset: number;
  /** How many bytes were left out of the log, according to the client. */
  leftOut: number;
  /** Whether the attempt has ended, so that the log is complete. */
  ended(): Promise<boolean>;
}

/**
 * Sends the new bytes of a log until its attempt has ended. It waits for a slow client: at most one chunk is in memory. If the log
 * is replaced by its final form, only the part that differs from what was sent is sent again. If more of a log is left out, the
 * part after that place counts as new.
 */
export async function followLog(socket: WebSocket, log: FollowedLog): Promise<void> {
  const isOpen = (): boolean => socket.readyState === socket.OPEN;
  let { offset } = log;
  let file: OpenLog | undefined;
  try {
    while (isOpen()) {
      // This must come before the read: if the attempt has ended now, the read gets the complete log.
      const ended = await log.ended();
      // Undefined while the file is being replaced.
      const now: OpenLog | undefined = (await file?.grown()) ? file : await openLog(log).catch(() => undefined);
      if (now) {
        const good = now === file ? offset : await commonPart(file ?? log.leftOut, now, offset);
        if (file !== now) await file?.close();
        file = now;
        if (good < offset) {
          offset = good;
          await send(socket, { type: 'reset', offset } satisfies FollowMessage);
        }
        if (offset < file.size) {
          const times = await openTimes(log);
          offset = await sendFrom(socket, file, times, offset, ended).finally(() => times?.handle.close());
        }
      }
      if (ended && isOpen()) {
        await send(socket, { type: 'end', size: offset } satisfies FollowMessage);
        socket.close(1000);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    await file?.close();
  }
}

/**
 * Up to which byte a log is the same as before. Without an earlier log, the client's offset is accepted
 * if it knows how much was left out.
 */
async function commonPart(before: OpenLog | number, log: OpenLog, offset: number): Promise<number> {
  if (typeof before === 'number') return before === (log.leftOut?.bytes ?? 0) && offset <= log.size ? offset : 0;
  const end = Math.min(offset, log.size);
  // A file that still exists has only grown.
  const head =
    before.head.stat.ino === log.head.stat.ino ? Math.min(...[before, log].map(({ parts }) => parts[0]?.size ?? 0)) : 0;
  for (let from = Math.min(head, end); from < end; from += CHUNK) {
    const to = Math.min(end, from + CHUNK);
    const [old, fresh] = await Promise.all([readBlock(before, from, to), readBlock(log, from, to)]);
    if (old.equals(fresh)) continue;
    let same = 0;
    while (same < old.length && old[same] === fresh[same]) same++;
    // It goes back to the beginning of the line, so that no character is cut.
    return from + (old.subarray(0, same).lastIndexOf('\n') + 1);
  }
  return end;
}

/** Sends all existing bytes. @returns the offset after them */
async function sendFrom(
  socket: WebSocket,
  log: OpenLog,
  times: OpenFile | undefined,
  from: number,
  ended: boolean,
): Promise<number> {
  let offset = from;
  while (offset < log.size && socket.readyState === socket.OPEN) {
    const bytes = await readBlock(log, offset, Math.min(log.size, offset + CHUNK));
    const last = offset + bytes.length >= log.size;
    const whole = last && ended ? bytes.length : wholeCharacters(bytes);
    if (whole === 0) break;
    const next = offset + whole;
    const text = bytes.toString('utf8', 0, whole);
    const starts = lineStarts(bytes.subarray(0, whole)).map((start) => offset + start);
    const came = times && (await arrivalTimes(times.handle, log.leftOut, starts));
    await send(socket, { type: 'data', offset, next, text, ...(came && { times: came }) } satisfies FollowMessage);
    offset = next;
  }
  return offset;
}

/** Positions of the first byte, and of the first byte after each line feed. */
function lineStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(0x0a); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0x0a, at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}

/** Number of bytes without an incomplete UTF-8 character at the end. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
