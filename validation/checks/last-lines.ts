import { open } from 'node:fs/promises';
import type { LastLines } from '../report/model.ts';
import { fold, foldOfHosts } from './fingerprint.ts';
import type { StepOutcome } from './outcome.ts';
import { plainText } from './plain.ts';
import type { StepCheck } from './rules.ts';

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
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({
      buffer: Buffer.alloc(Math.min(size, LOOKED_AT)),
      position: Math.max(0, size - LOOKED_AT),
    });
    return plainText(buffer.subarray(0, bytesRead))
      .split('\n')
      .map((line) => line.trimEnd().replace(/^.*\r/s, ''))
      .filter((line) => line !== '' && !line.startsWith('relval: '))
      .slice(-LINES)
      .map((line) => (line.length > LENGTH ? `${line.slice(0, LENGTH).replace(/\p{Cs}$/u, '')}…` : line));
  } finally {
    await handle.close();
  }
}

/** Signals by which somebody else ends a process: what it wrote last says nothing about why. */
const FROM_OUTSIDE: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGXCPU'];

/**
 * What a payload wrote last, folded, as far as it tells why it ended so: with a status of its own all of it. One that
 * crashed had no time to write what was in its buffers, so that the end of its stdout is anywhere: only stderr counts.
 */
export function lastWords(check: StepCheck, { lastLines: last, signal, host }: StepOutcome): string[] {
  if (!last) return [];
  const isTelling =
    check === 'exit-status' ||
    (check === 'signal' && last.file === 'stderr.log' && !FROM_OUTSIDE.includes(signal ?? ''));
  const hosts = foldOfHosts(host === undefined ? [] : [host]);
  return isTelling ? last.lines.map((line) => fold(line, hosts)) : [];
}
