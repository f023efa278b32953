import { readFileSync } from 'node:fs';

/**
 * Distinguishes a process from a later one with the same pid: the boot id, and the clock tick since boot at which it started
 * (/proc/PID/stat, field 22). Undefined when there is no such process.
 */
export function identityOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim();
  // The second field, the command, may contain blanks and parentheses, so fields are counted from the last parenthesis.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // A zombie holds nothing.
  return fields[0] === 'Z' || fields[19] === undefined ? undefined : `${boot}:${fields[19]}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // The process may end while it is read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
