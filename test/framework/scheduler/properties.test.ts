import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HAPPENINGS, type Happening, World } from './world.ts';

const MINUTE = 60_000;

const setting = fc.record({
  cores: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 4 }),
  managers: fc.integer({ min: 1, max: 3 }),
  max: fc.integer({ min: 1, max: 12 }),
  workerCores: fc.constantFrom(1, 1, 2),
  granularity: fc.constantFrom(1, 1, 2, 3, 4, 'auto' as const, 'auto' as const),
});
const happenings = (what: readonly Happening['what'][] = HAPPENINGS, maxLength = 200) =>
  fc.array(fc.record({ what: fc.constantFrom(...what), which: fc.nat(1000) }), { minLength: 20, maxLength });

/** PROPERTY_RUNS=100 looks a hundred times as long: after a change of the core. */
const LONGER = Number(process.env.PROPERTY_RUNS ?? 1);
const TIMEOUT = 20_000 * LONGER;
const runs = (numRuns: number) => ({ numRuns: numRuns * LONGER, interruptAfterTimeLimit: 3500 * LONGER });

describe('whatever happens in a cluster', () => {
  it(
    'no decision breaks a rule, the same events give the same decisions, and a journal is all there is to know',
    () => {
      fc.assert(
        fc.property(setting, happenings(), (cluster, story) => {
          const world = new World(cluster);
          world.subscribe();
          // The world itself throws when a rule is broken.
          for (const happening of story) world.happen(happening);
          world.crash();
        }),
        runs(1000),
      );
    },
    TIMEOUT,
  );

  it(
    'every task is done in the end where there is room, and then nothing is held, and nothing said',
    () => {
      fc.assert(
        fc.property(setting, happenings(), (cluster, story) => {
          const world = new World({
            ...cluster,
            cores: cluster.cores.map((cores) => Math.max(cores, cluster.workerCores)),
          });
          world.subscribe();
          for (const happening of story) world.happen(happening);
          expect(world.settle(60 * MINUTE)).toBe(true);
          world.checkPast();

          const said = world.calls.length;
          for (let seconds = 0; seconds < 120; seconds++) world.settle(1000);
          expect(world.calls.slice(said).filter(({ type }) => type !== 'RECONCILE')).toEqual([]);
          expect(world.master.suppressed).toBe(true);
          expect(world.core.state.offers.size).toBe(0);
        }),
        runs(200),
      );
    },
    TIMEOUT,
  );

  it(
    'there are never more cores of workers than tasks of one core, as long as nothing but the framework, its calls and updates fail',
    () => {
      const harmless = [
        'deliver',
        'deliverAll',
        'deliverAll',
        'tick',
        'look',
        'start',
        'work',
        'rescind',
        'resend',
        'repeatUpdate',
      ] as const;
      const failures = ['loseCall', 'loseAnswer', 'refuseCall', 'disconnect', 'crash', 'crashInFrame'] as const;
      fc.assert(
        fc.property(
          fc.nat(20),
          fc.constantFrom(1, 2, 3, 4, 'auto' as const),
          happenings([...harmless, ...harmless, ...failures]),
          (tasks, granularity, story) => {
            const world = new World({ cores: [8, 8, 8], managers: 1, max: 100, workerCores: 1, granularity });
            const [own] = world.managers;
            if (own) own.waiting = tasks;
            world.subscribe();
            for (const happening of story) {
              world.happen(happening);
              expect(world.master.alive.reduce((sum, { cores }) => sum + cores, 0)).toBeLessThanOrEqual(tasks);
            }
          },
        ),
        runs(500),
      );
    },
    TIMEOUT,
  );
});
