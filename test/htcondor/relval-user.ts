import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunEvent } from '../../validation/runs/store/events.ts';
import type { RunRecord } from '../../validation/runs/store/record.ts';
import { openDir, startFramework, workerTokens } from './framework.ts';
import { type HTCondorPool, idsOf, until } from './pool.mjs';

export const ROOT = join(import.meta.dirname, '..', '..');
const CLI = join(ROOT, 'dist', 'validation', 'cli', 'main.js');

/** This machine has no other address. */
export const PLACE = ['--batch', 'condor', '--log-address', '127.0.0.1'];

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

/** A framework with room for some workers, each large enough for the largest step of the example. */
export async function startWorkers(pool: HTCondorPool, workers: number) {
  const passwordFile = await workerTokens(pool, 'owners');
  const environment = 'environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1 }';
  const shape = 'source: htcondor, user: worker, memory: 1000, disk: 1000, idleSeconds: 5';
  return startFramework(pool, {
    passwordFile,
    cores: 2 * workers,
    pools: [`name: condor, ${shape}, passwordFile: '${passwordFile}', ${environment}`],
  });
}

/** @param stages lines of YAML @returns its path */
export function writeWorkflow(relval: RelvalUser, scripts: Record<string, string>, stages: string): string {
  for (const [name, text] of Object.entries(scripts)) {
    writeFileSync(join(relval.dir, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  }
  const file = join(relval.dir, 'workflow.yaml');
  writeFileSync(file, `name: small\nstages:\n${stages}\n`);
  return file;
}
