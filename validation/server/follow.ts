import { type FileHandle, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WebSocket } from 'ws';
import { arrivalTimes } from '../step/arrival-times.ts';
import type { FollowMessage } from './api.ts';
import { readBlock } from './line-index.ts';
import { type OpenFile, openInside, openTimes } from './open-inside.ts';
import { send } from './sockets.ts';

/** How often a log is looked at. */
const LOOK_MS = 100;
/** One message; as long as a client has not taken it, no more is read for it. */
const CHUNK = 128 * 1024;

export interface FollowedLog {
  /** The run's directory, and the log's path in it. */
  root: string;
  path: string;
  /** Byte to begin with. */
  offset: number;
  /** Whether the attempt has ended: no more will come. */
  ended(): Promise<boolean>;
}

/**
 * Sends what is added to a log until its attempt has ended. A client that is slow is waited for: at most one chunk is in
 * memory for it. A log that is replaced is compared with what was sent, so that its final form costs nothing when it is
 * the same.
 */
export async function followLog(socket: WebSocket, log: FollowedLog): Promise<void> {
  const isOpen = (): boolean => socket.readyState === socket.OPEN;
  let { offset } = log;
  let file: OpenFile | undefined;
  try {
    while (isOpen()) {
      // Asked first: what is there afterwards is all.
      const ended = await log.ended();
      const seen = await lstat(join(log.root, log.path)).catch(() => undefined);
      const same = file !== undefined && seen?.ino === file.stat.ino && seen.size >= offset;
      const now = same && file ? { handle: file.handle, stat: seen } : seen && (await reopen(log));
      if (now) {
        const good = same ? offset : await commonPart(file?.handle, now, offset);
        if (file?.handle !== now.handle) await file?.handle.close();
        file = now;
        if (good < offset) {
          offset = good;
          await send(socket, { type: 'reset', offset } satisfies FollowMessage);
        }
        if (offset < file.stat.size) {
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
    await file?.handle.close();
  }
}

/** Undefined while the file is being replaced. */
function reopen({ root, path }: FollowedLog): Promise<OpenFile | undefined> {
  return openInside(root, path).catch(() => undefined);
}

/** Up to which byte a file is the same as the one of before; without one, what the client says it has is believed. */
async function commonPart(before: FileHandle | undefined, { handle, stat }: OpenFile, offset: number): Promise<number> {
  if (!before) return offset <= stat.size ? offset : 0;
  const end = Math.min(offset, stat.size);
  for (let from = 0; from < end; from += CHUNK) {
    const to = Math.min(end, from + CHUNK);
    const [old, fresh] = await Promise.all([readBlock(before, from, to), readBlock(handle, from, to)]);
    if (old.equals(fresh)) continue;
    let same = 0;
    while (same < old.length && old[same] === fresh[same]) same++;
    // From the beginning of the line: so no character is cut.
    return from + (old.subarray(0, same).lastIndexOf('\n') + 1);
  }
  return end;
}

/** Sends all that is there now. @returns up to where */
async function sendFrom(
  socket: WebSocket,
  { handle, stat }: OpenFile,
  times: OpenFile | undefined,
  from: number,
  ended: boolean,
): Promise<number> {
  let offset = from;
  while (offset < stat.size && socket.readyState === socket.OPEN) {
    const bytes = await readBlock(handle, offset, Math.min(stat.size, offset + CHUNK));
    const last = offset + bytes.length >= stat.size;
    const whole = last && ended ? bytes.length : wholeCharacters(bytes);
    if (whole === 0) break;
    const next = offset + whole;
    const text = bytes.toString('utf8', 0, whole);
    const starts = lineStarts(bytes.subarray(0, whole)).map((start) => offset + start);
    const came = times && (await arrivalTimes(times.handle, { handle, size: stat.size }, starts));
    await send(socket, { type: 'data', offset, next, text, ...(came && { times: came }) } satisfies FollowMessage);
    offset = next;
  }
  return offset;
}

/** The first byte, and the one behind each line feed. */
function lineStarts(bytes: Buffer): number[] {
  const starts = [0];
  for (let at = bytes.indexOf(0x0a); at >= 0 && at + 1 < bytes.length; at = bytes.indexOf(0x0a, at + 1)) {
    starts.push(at + 1);
  }
  return starts;
}

/** How many bytes there are without the beginning of a UTF-8 character that is not whole yet. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
