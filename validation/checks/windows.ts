import { open } from 'node:fs/promises';

/**
 * Part of a file. `bytes[from, to)` has not been handed out before and is to be looked at now; what is around it is
 * there to be read: as far as the file goes, `margin` bytes on both sides.
 */
export interface Window {
  bytes: Buffer;
  from: number;
  to: number;
  /** Offset in the file of `bytes[0]`. */
  base: number;
}

/** Bytes that are read at once, of a file that is as long. */
const CHUNK = 512 * 1024;
const LEAST = 4096;

/**
 * A file of any size, window after window in bounded memory; the next part is read while a window is looked at. A
 * window's bytes are only valid until the next one is asked for. A file that grows meanwhile is read to where it then ends.
 */
export async function* windows(path: string, margin: number): AsyncGenerator<Window> {
  const handle = await open(path, 'r');
  // Before what is read there is room for what is kept of the window before: bytes not looked at yet, and those around.
  const head = 2 * margin;
  const { size } = await handle.stat();
  const chunk = Math.min(CHUNK, Math.max(size, LEAST));
  let bytes = Buffer.allocUnsafe(head + chunk);
  let spare = Buffer.allocUnsafe(head + chunk);
  let position = 0;
  let begin = head;
  let from = head;
  let reading = handle.read(bytes, head, chunk, position);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      const end = head + bytesRead;
      const base = position - head;
      position += bytesRead;
      const to = bytesRead === 0 ? end : Math.max(from, end - margin);
      const keep = Math.max(begin, to - margin);
      bytes.copy(spare, head - (end - keep), keep, end);
      if (bytesRead > 0) reading = handle.read(spare, head, chunk, position);
      if (to > from)
        yield { bytes: bytes.subarray(begin, end), from: from - begin, to: to - begin, base: base + begin };
      if (bytesRead === 0) return;
      begin = head - (end - keep);
      from = head - (end - to);
      [bytes, spare] = [spare, bytes];
    }
  } finally {
    await reading.catch(() => undefined);
    await handle.close();
  }
}
