import { readFileSync } from 'node:fs';

/**
 * The fewest open files with which both commands work: a run of two steps at a time has 60 open at most (measured with Node
 * 20.20), and the framework 35. Newer versions of libuv, also that of Debian's Node.js 20, have up to 4 more (io_uring).
 */
const LEAST = 72;

let known = Number.POSITIVE_INFINITY;

/** How many files this process may have open at once (`ulimit -n`). */
export function openFileLimit(): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    if (limit !== undefined) known = Number(limit);
  } catch {
    // No further file can be opened. The answer of before is right, because hardly anybody changes the limit meanwhile.
  }
  return known;
}

/** Why this process cannot work at all, as a sentence; undefined: it may open enough files. */
export function tooFewOpenFiles(): string | undefined {
  const limit = openFileLimit();
  if (limit >= LEAST) return undefined;
  return `this process may have only ${limit} files open at once, but needs ${LEAST} at least. To allow more: ulimit -n 1024`;
}
