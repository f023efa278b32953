import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The limits that control groups set for a process. Absent: no limit. */
export interface GroupLimits {
  /** Cores by the CPU quota; it may be a fraction. */
  cpus?: number;
  /** Bytes. */
  memory?: number;
  /** Processes and threads that may still be started. */
  processes?: number;
}

/** In version 1 a memory limit of this size or more means no limit (kernel: PAGE_COUNTER_MAX, rounded to pages). */
const UNLIMITED_BYTES = 2 ** 60;

/**
 * The limits of the control groups of a process, version 1 and 2 (cgroups(7)). The groups above its own group limit it too, so
 * the smallest limit of all of them counts.
 * @param membership text of /proc/PID/cgroup
 * @param mount where the control groups are mounted
 */
export function groupLimits(membership = readText('/proc/self/cgroup') ?? '', mount = '/sys/fs/cgroup'): GroupLimits {
  const found: Required<GroupLimits> = {
    cpus: Number.POSITIVE_INFINITY,
    memory: Number.POSITIVE_INFINITY,
    processes: Number.POSITIVE_INFINITY,
  };
  for (const line of membership.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const folder of foldersOf(mount, controllers, path)) {
      const limits = controllers === '' ? version2(folder) : version1(folder);
      for (const key of ['cpus', 'memory', 'processes'] as const) {
        found[key] = Math.min(found[key], limits[key] ?? Number.POSITIVE_INFINITY);
      }
    }
  }
  return {
    ...(Number.isFinite(found.cpus) && { cpus: found.cpus }),
    ...(found.memory < UNLIMITED_BYTES && { memory: found.memory }),
    ...(Number.isFinite(found.processes) && { processes: found.processes }),
  };
}

/** The folder of a group and the folders above it. In a container the container's own group may be at the top of the mount. */
function foldersOf(mount: string, controllers: string, path: string): string[] {
  // Where both versions are mounted, version 2 is at `unified`.
  const roots = controllers === '' ? [mount, join(mount, 'unified')] : [join(mount, controllers)];
  const folders: string[] = [];
  for (const root of roots) {
    for (let at = path; at !== '/'; at = dirname(at)) folders.push(join(root, at));
    folders.push(root);
  }
  return folders;
}

function version2(folder: string): GroupLimits {
  const [quota, period] = (readText(join(folder, 'cpu.max')) ?? '').trim().split(' ').map(Number);
  return limitsOf({
    quota,
    period,
    memory: numberIn(folder, 'memory.max'),
    most: numberIn(folder, 'pids.max'),
    now: numberIn(folder, 'pids.current'),
  });
}

function version1(folder: string): GroupLimits {
  return limitsOf({
    // -1: no limit.
    quota: numberIn(folder, 'cpu.cfs_quota_us'),
    period: numberIn(folder, 'cpu.cfs_period_us'),
    memory: numberIn(folder, 'memory.limit_in_bytes'),
    most: numberIn(folder, 'pids.max'),
    now: numberIn(folder, 'pids.current'),
  });
}

/** A limit of `max`, and a missing file, are no limit. */
function limitsOf(read: Record<'quota' | 'period' | 'memory' | 'most' | 'now', number | undefined>): GroupLimits {
  const { quota = 0, period = 0, memory = Number.NaN, most = Number.NaN, now = 0 } = read;
  return {
    ...(quota > 0 && period > 0 && { cpus: quota / period }),
    ...(memory >= 0 && { memory }),
    ...(most >= 0 && { processes: Math.max(0, most - now) }),
  };
}

function numberIn(folder: string, file: string): number | undefined {
  const text = readText(join(folder, file))?.trim();
  return text === undefined || text === '' ? undefined : Number(text);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
