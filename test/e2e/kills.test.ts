import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readResult } from '../../validation/runs/store/collect.ts';
import { eventsOf, Relval, runNames, until } from './relval.ts';

/** Kills at as many moments; `RELVAL_KILLS=20` for more, `RELVAL_SEED` for the same moments again. */
const KILLS = Number(process.env.RELVAL_KILLS ?? 3);
const SEED = Number(process.env.RELVAL_SEED ?? Date.now() % 1_000_000);
const STEPS = 6;
/** Seconds that a whole flow takes, about. */
const FLOW_S = 8;
const IDS = [...Array.from({ length: STEPS }, (_, n) => `sim000${n + 1}`), 'merge'];

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const next = random(SEED);

type Victim = 'relval' | 'makeflow' | 'everything';
const VICTIMS: readonly Victim[] = ['relval', 'makeflow', 'everything'];

function kill(victim: Victim, relvalPid: number): void {
  const pids = relval
    .processes()
    .filter(({ command }) => victim === 'everything' || (victim === 'makeflow' && /^makeflow /.test(command)))
    .map(({ pid }) => pid);
  if (victim !== 'makeflow') pids.push(relvalPid);
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it has just ended
    }
  }
}

/** How often the payload of each step has begun. */
const begun = (): Map<string, number> => {
  const marks = join(relval.dir, 'marks');
  const steps = existsSync(marks) ? readFileSync(marks, 'utf8').trim().split('\n') : [];
  return new Map(steps.map((step) => [step, steps.filter((other) => other === step).length]));
};

/** Steps that makeflow's log has as complete. */
function complete(run: string): string[] {
  const log = join(run, 'work', 'Makeflow.0.makeflowlog');
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
  return lines.flatMap((line) => /^\d+ (\d+) 2 /.exec(line)?.[1] ?? []).map((node) => IDS[Number(node)] as string);
}

function writeWorkflow(): string {
  const file = join(relval.dir, 'w.yaml');
  const marks = join(relval.dir, 'marks');
  writeFileSync(
    file,
    `name: w
stages:
  - name: sim
    each: { jobs: 1-${STEPS} }
    command: 'echo sim000#alien_counter# >> ${marks}; for i in 1 2 3 4 5 6 7 8; do echo "line $i"; sleep 0.2; done'
  - { name: merge, after: [sim], command: 'echo merge >> ${marks}; echo merged' }
`,
  );
  return file;
}

/** The run that was begun last; undefined when it was killed before it was one. */
function newestRun(known: ReadonlySet<string>): string | undefined {
  const names = runNames(relval.runs);
  return names
    .map((name) => join(relval.runs, name))
    .find((path) => !known.has(path) && existsSync(join(path, 'run.json')));
}

const passed = async (run: string): Promise<boolean> => (await relval.run('status', run)).stdout.includes('passed');

it(`loses nothing when it is killed at ${KILLS} moments (seed ${SEED})`, {
  timeout: 120_000 + KILLS * 40_000,
}, async () => {
  const file = writeWorkflow();
  const finished = new Set<string>();
  const moments: string[] = [];
  let run: string | undefined;
  let checks: (() => void)[] = [];
  while (moments.length < KILLS || run) {
    const { child, ended } = run
      ? relval.start('resume', run)
      : relval.start('run', file, '--local', '--local-cpus', '2', '--no-check');
    const seconds = 0.3 + next() * FLOW_S;
    const over = await Promise.race([ended, ...(moments.length < KILLS ? [sleep(seconds * 1000)] : [])]);
    run ??= newestRun(finished);
    if (over) expect(over.code, over.stdout + over.stderr).toBe(0);
    else {
      const victim = VICTIMS[Math.floor(next() * VICTIMS.length)] as Victim;
      kill(victim, child.pid as number);
      moments.push(`${victim} after ${seconds.toFixed(1)} s`);
      await ended;
    }
    if (!run) continue;
    const where = moments.join(', ');
    await until('everything to end', 40, () => relval.processes().length === 0 || undefined);
    checkLogs(run, where);
    if (await passed(run)) {
      // what was done at a kill stayed done
      for (const check of checks) check();
      const ends = eventsOf(run).filter((event) => event.type === 'step-ended' && event.state === 'succeeded');
      expect(ends.map((event) => 'step' in event && event.step).sort(), where).toEqual([...IDS].sort());
      finished.add(run);
      run = undefined;
      checks = [];
      rmSync(join(relval.dir, 'marks'));
      continue;
    }
    expect((await relval.run('status', run)).stdout, where).toMatch(/interrupted|broken/);
    const before = begun();
    checks.push(
      ...complete(run).map((step) => () => expect(begun().get(step), `${step} ${where}`).toBe(before.get(step))),
    );
  }
  console.log(`killed: ${moments.join(', ')}; ${finished.size} runs passed`);
});

/** Every attempt that said hello has a log, those that are over a result; the numbers have no gap. */
function checkLogs(run: string, where: string): void {
  const events = existsSync(join(run, 'events.ndjson')) ? eventsOf(run) : [];
  for (const event of events) {
    if (event.type !== 'step-running') continue;
    const attempts = readdirSync(join(run, 'steps', event.step)).map(Number);
    expect(
      attempts.sort((a, b) => a - b),
      `${event.step} ${where}`,
    ).toEqual(attempts.map((_, n) => n + 1));
    const directory = join(run, 'steps', event.step, String(event.attempt));
    const over = events.some(
      (other) =>
        (other.type === 'step-ended' || other.type === 'step-requeued') &&
        other.step === event.step &&
        other.attempt === event.attempt,
    );
    if (over) expect(readResult(join(directory, 'result.json')), `${directory} ${where}`).toBeDefined();
  }
}
