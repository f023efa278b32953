import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideRetention,
  type KeptRun,
  type RetentionPolicy,
} from '../../../../validation/runs/retention/retention.ts';
import type { RunStatus } from '../../../../validation/runs/store/record.ts';

const DAY = 86_400;
const now = Date.parse('2026-11-22T12:00:00Z');

/** A run of so many days ago. */
function run(id: string, days: number, status: RunStatus, more: Partial<KeptRun> = {}): KeptRun {
  return {
    id,
    path: `/runs/${id}`,
    name: 'mc',
    workflow: 'mc',
    status,
    accepted: false,
    created: now - days * DAY * 1000,
    size: 10,
    ...more,
  };
}

const going = (runs: readonly KeptRun[], policy: RetentionPolicy) =>
  decideRetention(runs, policy, now)
    .filter(({ remove }) => remove)
    .map(({ run: { id } }) => id);

describe('the removed runs', () => {
  it('those that are too old; failed ones twice as late', () => {
    const runs = [
      run('a', 70, 'passed'),
      run('b', 65, 'failed'),
      run('c', 40, 'failed'),
      run('d', 35, 'broken'),
      run('e', 20, 'passed'),
    ];
    expect(going(runs, { olderThan: 30 * DAY })).toEqual(['a', 'b', 'd']);
  });

  it('those beyond the number to keep, of each name', () => {
    const runs = [1, 2, 3, 4, 5].flatMap((days) => [
      run(`m${days}`, days, 'passed'),
      run(`f${days}`, days, 'failed'),
      run(`r${days}`, days, 'passed', { name: 'reco' }),
    ]);
    expect(going(runs, { keep: 2 }).sort()).toEqual(['f5', 'm3', 'm4', 'm5', 'r3', 'r4', 'r5']);
  });

  it('not the reference of a run that stays, by age or number; for their size it goes late', () => {
    const runs = [
      run('a', 50, 'passed'),
      run('b', 40, 'passed', { reference: 'a' }),
      run('c', 20, 'passed', { reference: '/runs/b' }),
      run('d', 10, 'passed', { reference: 'c' }),
    ];
    expect(going(runs, { olderThan: 30 * DAY })).toEqual(['a']);
    expect(going(runs, { keep: 1 })).toEqual(['a', 'b']);
    expect(decideRetention(runs, { keep: 1 }, now)[2]?.reason).toBe('the reference of d');
    expect(going([...runs, run('e', 5, 'passed')], { maxSize: 40 })).toEqual(['d']);
  });

  it('the oldest while all are too large; failed ones last', () => {
    const runs = [run('f', 9, 'failed'), run('a', 8, 'passed'), run('b', 7, 'interrupted'), run('c', 6, 'passed')];
    expect(going(runs, { maxSize: 40 })).toEqual([]);
    expect(going(runs, { maxSize: 39 })).toEqual(['a']);
    expect(going(runs, { maxSize: 20 })).toEqual(['a', 'b']);
    expect(going(runs, { maxSize: 0 })).toEqual(['f', 'a', 'b']);
  });

  it('are never active, accepted, the last good one, or the source of another run', () => {
    const runs = [
      run('old', 300, 'passed', { accepted: true }),
      run('source', 200, 'broken'),
      run('resumable', 1, 'interrupted', { from: '/runs/source' }),
      run('used', 190, 'broken'),
      run('done', 180, 'failed', { from: '/runs/used' }),
      run('good', 100, 'passed'),
      run('running', 99, 'running'),
      run('waiting', 98, 'preparing'),
      run('judged', 97, 'judging'),
      run('other', 96, 'passed', { workflow: 'reco' }),
    ];
    expect(going(runs, { olderThan: DAY, keep: 0, maxSize: 0 })).toEqual(
      ['used', 'done', 'resumable'].sort(
        (a, b) => runs.findIndex(({ id }) => id === a) - runs.findIndex(({ id }) => id === b),
      ),
    );
    const reasons = new Map(decideRetention(runs, { keep: 0 }, now).map(({ run: { id }, reason }) => [id, reason]));
    expect(reasons.get('good')).toBe('the last good run');
    expect(reasons.get('running')).toBe('under way');
    expect(reasons.get('old')).toBe('accepted');
  });

  it('always keeps the protected runs, and no run without a reason', () => {
    const status = fc.constantFrom<RunStatus>(
      'preparing',
      'running',
      'judging',
      'passed',
      'failed',
      'broken',
      'interrupted',
    );
    const any = fc.array(
      fc.record({
        days: fc.integer({ min: 0, max: 90 }),
        status,
        accepted: fc.boolean(),
        name: fc.constantFrom('a', 'b'),
        size: fc.nat(100),
      }),
    );
    const policy = fc.record({
      olderThan: fc.option(fc.integer({ min: 1, max: 90 * DAY }), { nil: undefined }),
      keep: fc.option(fc.nat(5), { nil: undefined }),
      maxSize: fc.option(fc.nat(500), { nil: undefined }),
    });
    fc.assert(
      fc.property(any, policy, (some, limits) => {
        const runs = some.map(({ days, ...rest }, i) => run(String(i), days, rest.status, rest));
        const decisions = decideRetention(runs, limits, now);
        for (const { run: one, remove } of decisions) {
          if (one.accepted || ['preparing', 'running', 'judging'].includes(one.status)) expect(remove).toBe(false);
        }
        for (const name of ['a', 'b']) {
          const good = runs.filter((one) => one.name === name && one.status === 'passed');
          const newest = Math.max(...good.map(({ created }) => created));
          if (good.length > 0)
            expect(
              decisions.some(
                ({ run: one, remove }) =>
                  !remove && one.name === name && one.status === 'passed' && one.created === newest,
              ),
            ).toBe(true);
        }
        if (Object.values(limits).every((limit) => limit === undefined))
          expect(decisions.some(({ remove }) => remove)).toBe(false);
      }),
    );
  });
});
