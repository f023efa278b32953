import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { runNames } from '../e2e/relval.ts';
import type { Daemon } from './daemon.ts';
import { addToTable } from './table.ts';

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
  /** Of each container the file in which its control group counts. */
  readonly #peaks = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;

  /** @param runs directory of runs; in a run's sandboxes it is seen which steps a container has */
  constructor(daemon: Daemon, runs: string) {
    this.#daemon = daemon;
    this.#runs = runs;
    this.#timer = setInterval(() => this.#look(), 150);
  }

  /** @returns the containers of workers; they are also rows of the table at the end of all tests */
  stop(): Seen[] {
    clearInterval(this.#timer);
    const containers = [...this.seen.values()];
    addToTable(expect.getState().currentTestName ?? '', containers);
    return containers;
  }

  #look(): void {
    for (const name of this.#daemon.containers('status=running')) {
      const entry = this.seen.get(name) ?? this.#inspect(name);
      if (entry === undefined) continue;
      this.seen.set(name, entry);
      entry.peak = Math.max(entry.peak, peakIn(this.#peaks.get(name)));
      for (const step of this.#stepsOf(entry.task)) entry.steps.add(step);
    }
  }

  /** The steps that run in the sandbox of a task now: each has a directory of its own there. */
  #stepsOf(task: string): string[] {
    try {
      return runNames(this.#runs).flatMap((run) => {
        const sandbox = join(this.#runs, run, 'local', 'agent', 'S0', task);
        const files = readdirSync(sandbox, { recursive: true, encoding: 'utf8' });
        return files.filter((file) => /\bt\.\d+\/\w+\.work$/.test(file)).map((file) => basename(file, '.work'));
      });
    } catch {
      // Directories come and go.
      return [];
    }
  }

  #inspect(name: string): Seen | undefined {
    try {
      const [{ Id, State, HostConfig, Config, Mounts }] = JSON.parse(this.#daemon.docker('inspect', name));
      const task = Config.Labels['release-validation.task'];
      if (task === undefined) return undefined;
      const limit = HostConfig.Memory / 2 ** 20;
      const mounts = Mounts.map(
        (mount: { Destination: string; RW: boolean }) => `${mount.Destination}:${mount.RW ? 'rw' : 'ro'}`,
      );
      const peaks = peakFile(State.Pid, Id);
      if (peaks === undefined) return undefined;
      this.#peaks.set(name, peaks);
      return { name, task, user: Config.User, limit, peak: 0, steps: new Set(), mounts };
    } catch {
      // It has just ended.
      return undefined;
    }
  }
}

/** Undefined while a process is not yet, or no longer, in the control group of its container. */
function peakFile(pid: number, containerId: string): string | undefined {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const path = (controller: RegExp) => lines.find((line) => controller.test(line))?.split(':')[2] ?? '';
  const version1 = path(/^\d+:memory:/);
  if (version1.includes(containerId)) return join('/sys/fs/cgroup/memory', version1, 'memory.max_usage_in_bytes');
  const version2 = path(/^0::/);
  return version2.includes(containerId) ? join('/sys/fs/cgroup', version2, 'memory.peak') : undefined;
}

/** MB; 0 when the control group has gone with its container. */
function peakIn(file: string | undefined): number {
  try {
    return Number(readFileSync(file ?? '', 'utf8')) / 2 ** 20;
  } catch {
    return 0;
  }
}
