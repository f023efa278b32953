import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '../../validation/runs/store/events.ts';
import type { RunRecord } from '../../validation/runs/store/record.ts';

export const ROOT = join(import.meta.dirname, '..', '..');
export const GPMC = join(ROOT, 'makeflows', 'examples', 'gpmc', 'gpmc.jdl');
export const CLI = join(ROOT, 'dist', 'validation', 'cli', 'main.js');

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** The built `relval`, with a directory of runs of its own; `remove` stops what still runs and deletes it. */
export class Relval {
  readonly dir = mkdtempSync(join(tmpdir(), 'relval-test-'));
  readonly runs = join(this.dir, 'runs');

  start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: this.dir,
      env: {
        ...process.env,
        XDG_CONFIG_HOME: this.dir,
        XDG_CACHE_HOME: join(this.dir, 'cache'),
        RELVAL_RUNS: this.runs,
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return { child, ended };
  }

  run(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** The one run in the directory of runs. */
  async onlyRun(): Promise<RunRecord & { directory: string; status: string }> {
    const { stdout } = await this.run('list', '--json');
    const [only, ...others] = JSON.parse(stdout);
    if (!only || others.length > 0) throw new Error(`expected one run, got ${stdout}`);
    return only;
  }

  /** Processes whose command line names our directory: everything a run starts has a path of it. */
  processes(): { pid: number; command: string }[] {
    const listing = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
    return listing
      .split('\n')
      .filter((line) => line.includes(this.dir))
      .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim().replace(/^\d+ /, '') }));
  }

  remove(): void {
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has just ended
      }
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** The names of the runs in a directory of runs, which may not be there yet. */
export function runNames(runs: string): string[] {
  return existsSync(runs) ? readdirSync(runs).filter((name) => name !== 'history') : [];
}

/** The events of a run, without one that is just being written. */
export function eventsOf(directory: string): RunEvent[] {
  return readFileSync(join(directory, 'events.ndjson'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/**
 * Waits until something is so.
 *
 * @param seconds that a quiet machine takes at most; a busy one may take ten times as long
 * @throws when it never is
 */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + seconds * 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${10 * seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
