import { openRegular } from '../jdl/regular-file.ts';
import type { LastLines } from '../report/model.ts';

/** Bytes at the end of a log that are looked at, lines of them that are shown, and characters of each. */
const LOOKED_AT = 8192;
const LINES = 3;
const LENGTH = 300;
/** What a payload says when it gives up is in the first rather than in the second. */
const FILES: readonly string[] = ['stderr.log', 'stdout.log'];

/**
 * The last lines of what a payload has written, without empty ones and what relval itself adds; undefined where there are
 * none, or they cannot be read.
 * @param pathOf path of one of the attempt's logs by its name; undefined where it has no such log
 */
export async function lastLines(pathOf: (file: string) => string | undefined): Promise<LastLines | undefined> {
  for (const file of FILES) {
    const path = pathOf(file);
    const lines = path === undefined ? [] : await endOf(path).catch(() => []);
    if (lines.length > 0) return { file, lines };
  }
  return undefined;
}

async function endOf(path: string): Promise<string[]> {
  const handle = await openRegular(path);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.min(size, LOOKED_AT)),
      position: Math.max(0, size - LOOKED_AT),
    });
    return buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '' && !line.startsWith('relval: '))
      .slice(-LINES)
      .map((line) => (line.length > LENGTH ? `${line.slice(0, LENGTH).replace(/\p{Cs}$/u, '')}…` : line));
  } finally {
    await handle.close();
  }
}
