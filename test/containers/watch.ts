import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Daemon } from './daemon.ts';

/** What has been seen of one worker's container. */
export interface Seen {
  name: string;
  task: string;
  user: string;
  /** MB. */
  limit: number;
  /** MB, the most that its control group has counted, page cache included. */
  peak: number;
  steps: Set<string>;
  /** `PATH:ro` or `PATH:rw`, as the container sees them. */
  mounts: string[];
}

/** Looks at the containers of a daemon again and again, from outside, until it is stopped. */
export class Watch {
  readonly seen = new Map<string, Seen>();
  readonly #daemon: Daemon;
  readonly #runs: string;
  readonly #pids = new Map<string, number>();
  readonly #timer: NodeJS.Timeout;

  /** @param runs directory of runs; in a run's sandboxes it is seen which steps a container has */
  constructor(daemon: Daemon, runs: string) {
    this.#daemon = daemon;
    this.#runs = runs;
    this.#timer = setInterval(() => this.#look(), 150);
  }

  stop(): Seen[] {
    clearInterval(this.#timer);
    return [...this.seen.values()];
  }

  #look(): void {
    for (const name of this.#daemon.containers('status=running')) {
      const known = this.seen.get(name);
      const inspected = known === undefined ? this.#inspect(name) : { ...known, pid: this.#pids.get(name) };
      if (inspected === undefined) continue;
      const { pid, ...entry } = inspected;
      if (pid !== undefined) this.#pids.set(name, pid);
      const peak = pid === undefined ? undefined : peakOf(pid);
      for (const step of this.#stepsOf(entry.task)) entry.steps.add(step);
      this.seen.set(name, { ...entry, peak: Math.max(entry.peak, peak ?? 0) });
    }
  }

  /** The steps that run in the sandbox of a task now: each has a directory of its own there. */
  #stepsOf(task: string): string[] {
    try {
      return readdirSync(this.#runs).flatMap((run) => {
        const sandbox = join(this.#runs, run, 'local', 'agent', 'S0', task);
        const files = readdirSync(sandbox, { recursive: true, encoding: 'utf8' });
        return files.filter((file) => /\bt\.\d+\/\w+\.work$/.test(file)).map((file) => basename(file, '.work'));
      });
    } catch {
      // Directories come and go.
      return [];
    }
  }

  #inspect(name: string): (Seen & { pid: number | undefined }) | undefined {
    try {
      const [{ State, HostConfig, Config, Mounts }] = JSON.parse(this.#daemon.docker('inspect', name));
      const task = Config.Labels['release-validation.task'];
      if (task === undefined) return undefined;
      const limit = HostConfig.Memory / 2 ** 20;
      const mounts = Mounts.map(
        (mount: { Destination: string; RW: boolean }) => `${mount.Destination}:${mount.RW ? 'rw' : 'ro'}`,
      );
      return { name, task, user: Config.User, limit, peak: 0, steps: new Set(), mounts, pid: State.Pid };
    } catch {
      // It has just ended.
      return undefined;
    }
  }
}

/** MB, by the control group of a process; undefined when it has ended. */
function peakOf(pid: number): number | undefined {
  try {
    const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
    const path = (controller: RegExp) => lines.find((line) => controller.test(line))?.split(':')[2] ?? '';
    const version1 = join('/sys/fs/cgroup/memory', path(/^\d+:memory:/), 'memory.max_usage_in_bytes');
    const version2 = join('/sys/fs/cgroup', path(/^0::/), 'memory.peak');
    return Number(readFileSync(existsSync(version1) ? version1 : version2, 'utf8')) / 2 ** 20;
  } catch {
    return undefined;
  }
}

/** Steps, containers, peak memory against the limit. */
export function tableOf(containers: readonly Seen[]): string {
  const rows = containers.map(({ name, steps, peak, limit, user }) => [
    name.slice(0, 14),
    user,
    `${peak.toFixed(0)} of ${limit} MB`,
    [...steps].join(' '),
  ]);
  const all = [['container', 'user', 'peak memory', 'steps'], ...rows];
  return all.map((row) => row.map((cell, column) => (column < 3 ? cell.padEnd(17) : cell)).join(' ')).join('\n');
}
