import { readFileSync } from 'node:fs';

/**
 * What tells a process from a later one with the same pid: the boot, and the clock tick since then at which it began
 * (/proc/PID/stat, field 22). Undefined when there is no such process.
 */
export function identityOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.trim();
  // The second field, the command, may hold blanks and parentheses: count from the last one.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  // One that has ended but was not waited for holds nothing.
  return fields[0] === 'Z' || fields[19] === undefined ? undefined : `${boot}:${fields[19]}`;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // A process that ends while it is read.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
