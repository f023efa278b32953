import { openRegular, readIfSmall } from '../files/regular-file.ts';

/**
 * Part of a file. `bytes[from, to)` is new and has to be searched now. The `margin` bytes on each side, as far as the file
 * has them, are context.
 */
export interface Window {
  bytes: Buffer;
  from: number;
  to: number;
  /** The offset of `bytes[0]` in the file. */
  base: number;
}

/** The number of bytes that are read at once from a long file. */
const CHUNK = 512 * 1024;
/** Up to this number of bytes a file is read at once: other threads, which read a long file, take longer to begin. */
const SMALL = 16 * 1024;

/**
 * Reads a file of any size in windows, in bounded memory. It reads the next part while the caller searches a window. The
 * bytes of a window are valid until the next window is requested. A file that grows is read up to its new end.
 */
export async function* windows(path: string, margin: number): AsyncGenerator<Window> {
  const all = readIfSmall(path, SMALL);
  if (all) {
    if (all.length > 0) yield { bytes: all, from: 0, to: all.length, base: 0 };
    return;
  }
  const handle = await openRegular(path);
  // The head of the buffer has room for the end of the last window: bytes that are not searched yet, and their context.
  const head = 2 * margin;
  const { size } = await handle.stat();
  const chunk = Math.min(CHUNK, size);
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
