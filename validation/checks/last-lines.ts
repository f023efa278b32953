import { openRegular } from '../files/regular-file.ts';
import type { LastLines } from '../report/model.ts';
import { fold, foldOfHosts } from './fingerprint.ts';
import type { StepOutcome } from './outcome.ts';
import { plainText } from './plain.ts';
import type { StepCheck } from './rules.ts';

/** The number of bytes read at the end of a log, of lines that are shown, and of characters of each line. */
const LOOKED_AT = 8192;
const LINES = 3;
const LENGTH = 300;
/** A payload writes its last error more often to stderr, so that it comes first. */
const FILES: readonly string[] = ['stderr.log', 'stdout.log'];

/**
 * The last lines that a payload wrote, without empty lines and lines of relval. Undefined if there are none, or the log
 * cannot be read.
 * @param pathOf gives the path of a log of the attempt by its name; undefined if there is no such log
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

/** Signals that come from outside of a process: its last lines do not tell the cause. */
const FROM_OUTSIDE: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGXCPU'];

/**
 * Whether the last lines of a payload tell why it ended. They do if it ended with an exit status. If it crashed, only stderr
 * counts: stdout is buffered, so its last lines may be from any time before the crash.
 * @param how a text that contains the name of the signal
 */
export function areTelling(check: StepCheck, file: string, how: string): boolean {
  return (
    check === 'exit-status' ||
    (check === 'signal' && file === 'stderr.log' && !FROM_OUTSIDE.some((signal) => how.includes(signal)))
  );
}

/** The folded last lines of a payload, if they tell why it ended. */
export function tellingLines(check: StepCheck, { lastLines: last, signal, host }: StepOutcome): string[] {
  if (!last || !areTelling(check, last.file, signal ?? '')) return [];
  const hosts = foldOfHosts(host === undefined ? [] : [host]);
  return last.lines.map((line) => fold(line, hosts));
}
