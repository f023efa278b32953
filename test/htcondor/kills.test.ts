import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { openDir, startFramework, workerTokens } from './framework.ts';
import { eventsOf, type HTCondorPool, startPool, until } from './pool.mjs';

/** Rounds of kills: `KILLS=100 npm run test:htcondor` for the whole lot. */
const ROUNDS = Number(process.env.KILLS ?? 7);

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

const VICTIMS = ['startd', 'starter', 'schedd', 'negotiator', 'collector', 'shadow'] as const;

/** What happened to each job of a log, by their ids. */
function fates(log: string): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const { event, job } of eventsOf(log)) all.set(job, [...(all.get(job) ?? []), event]);
  return all;
}

describe('whatever is killed', () => {
  it('every job ends once with success, and nothing is left', async () => {
    const passwordFile = await workerTokens(pool, 'owners');
    const stateDir = openDir();
    let framework = await startFramework(pool, { passwordFile, cores: 3, stateDir });
    const { master } = framework;
    const random = seeded(Number(process.env.SEED ?? 1));
    let current = '';
    onTestFailed(async () => {
      const fields = [
        'ClusterId',
        'ProcId',
        'JobStatus',
        'ExitCode',
        'ExitBySignal',
        'ExitSignal',
        'NumJobStarts',
        'RemoveReason',
      ];
      const [queue, history] = await Promise.all(
        ['condor_q', 'condor_history'].map((tool) =>
          pool.tool(tool, ...(tool === 'condor_q' ? ['-allusers'] : []), '-af:h', ...fields),
        ),
      );
      console.log(`${readFileSync(current, 'utf8')}\nqueue:\n${queue}\nhistory:\n${history}`);
    });
    for (let round = 0; round < ROUNDS; round++) {
      const { log } = await pool.submit('alice', { arguments: 2 }, '4');
      current = log;
      await until('a running job', () => eventsOf(log).some(({ event }) => event === '001'));
      const kind = round % (VICTIMS.length + 1);
      const victim = VICTIMS[kind];
      await new Promise((resolve) => setTimeout(resolve, random() * 2000));
      if (victim === undefined) {
        await framework.stop(false);
        framework = await startFramework(pool, { passwordFile, stateDir, master });
      } else {
        const [pid] = pool.pidsOf(victim);
        // The jobs of the round may be done already, and their workers gone.
        if (pid === undefined) expect(['startd', 'starter', 'shadow']).toContain(victim);
        else process.kill(pid, 'SIGKILL');
      }
      const startedAt = Date.now();
      const done = () => [...fates(log).values()].filter((events) => events.includes('005')).length === 4;
      await until(`the jobs of round ${round}, after the kill of ${victim ?? 'the framework'}`, done, 150_000);
      const took = ((Date.now() - startedAt) / 1000).toFixed(1);
      process.stdout.write(`round ${round}: ${victim ?? 'framework'} killed, all done after ${took} s\n`);
      for (const [job, events] of fates(log)) {
        expect([job, events.filter((event) => event === '005')]).toEqual([job, ['005']]);
      }
      expect(readFileSync(log, 'utf8').match(/return value 0/g)).toHaveLength(4);
    }
    await framework.noWorkers();
    await until('no process of a worker', () => pool.pidsOf('startd').length + pool.pidsOf('starter').length === 0);
    expect(await pool.tool('condor_q', '-allusers', '-af', 'ClusterId')).toBe('');
  }, 3_000_000);
});

/** The same numbers for the same seed, 0 to 1: a failure can be had again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
}
