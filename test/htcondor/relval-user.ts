import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunEvent } from '../../validation/runs/store/events.ts';
import type { RunRecord } from '../../validation/runs/store/record.ts';
import { openDir } from './framework.ts';
import { type HTCondorPool, idsOf, until } from './pool.mjs';

export const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'validation', 'cli', 'main.js');

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built `relval` of a user who also owns the workers, so that steps can store outputs below the run. */
export class RelvalUser {
  readonly user = 'worker';
  readonly dir: string;
  readonly runs: string;
  readonly #pool: HTCondorPool;

  constructor(pool: HTCondorPool) {
    this.#pool = pool;
    this.dir = join(openDir(), 'home');
    this.runs = join(this.dir, 'runs');
    mkdirSync(this.dir);
    chownSync(this.dir, ...idsOf(this.user));
  }

  start(args: readonly string[], more: Record<string, string> = {}) {
    const [uid, gid] = idsOf(this.user);
    const env = {
      ...this.#pool.environment,
      ...{ HOME: this.dir, USER: this.user, LOGNAME: this.user, XDG_CONFIG_HOME: this.dir, XDG_CACHE_HOME: this.dir },
      ...{ RELVAL_RUNS: this.runs, NO_COLOR: '1' },
      ...more,
    };
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: this.dir,
      env,
      uid,
      gid,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      said.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      said.stderr += chunk;
    });
    const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...said })));
    return { child, ended, said };
  }

  run(args: readonly string[], more?: Record<string, string>): Promise<Ended> {
    return this.start(args, more).ended;
  }

  /** The newest run. */
  async newest(): Promise<RunRecord & { directory: string; status: string }> {
    return until('a run', async () => JSON.parse((await this.run(['list', '--json'])).stdout || '[]')[0]);
  }

  /** Its jobs in the queue: their states. */
  async jobs(run: RunRecord): Promise<string[]> {
    return (await this.#pool.jobs(`JobBatchName == "${run.project}"`, 'JobStatus')).map(([status = '']) => status);
  }
}

/** The events of a run so far, without one that is just being written. */
export function runEvents({ directory }: { directory: string }): RunEvent[] {
  const lines = readFileSync(join(directory, 'events.ndjson'), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
