import { describe, expect, it } from 'vitest';
import { isNews } from '../../../../framework/scheduler/target/terms.ts';
import { connected, Harness, manager, need, offer, pool, status } from '../fixtures.ts';

const six = manager({ waiting: [need(6)] });

describe('the record of a decision', () => {
  it('has every term: what waits, what there is, what is needed, the limits, and what stands in the way', () => {
    const limit = { cores: 8, memory: 8192, disk: 8192 };
    const harness = Harness.subscribed([pool({ min: 0, max: 20, limit })]);
    harness.state.proven.add('default');
    harness.look([six]);
    expect(harness.decisions).toEqual([
      {
        ...{ project: 'sim', manager: '10.0.0.1:9123', source: 'workqueue', pool: 'default' },
        ...{ waiting: 6, running: 0, unmet: 0, covered: 0, needed: 6, launched: 0 },
        ...{ busy: 0, idle: 0, starting: 0, leaving: 0, poolWorkers: 0, min: 0, max: 20, limit },
        ...{ blockedBy: 'no-offers', why: expect.stringMatching(/^Mesos makes no offers to role \*/) },
      },
    ]);
    harness.offer(offer({ cores: 2 }));
    expect(harness.decisions[1]).toMatchObject({ needed: 6, launched: 2, starting: 2, blockedBy: 'offers-too-small' });
  });

  it('is made once while tasks wait for nine minutes, however often they are looked at', () => {
    const harness = Harness.subscribed();
    for (let minute = 0; minute < 9; minute++) {
      harness.wait(60_000);
      harness.look([manager({ waiting: [need(6 - (minute % 2))] })]);
    }
    expect(harness.decisions).toHaveLength(1);
  });

  it('is made again when a need doubles or ends, and when another reason holds', () => {
    const harness = Harness.subscribed();
    harness.look([six]);
    harness.look([manager({ waiting: [need(11)] })]);
    expect(harness.decisions.splice(0)).toHaveLength(1);
    harness.look([manager({ waiting: [need(12)] })]);
    expect(harness.decisions.splice(0)).toMatchObject([{ needed: 12 }]);
    harness.offer(offer({ memory: 10 }));
    expect(harness.decisions.splice(0)).toMatchObject([{ needed: 12, blockedBy: 'offers-too-small' }]);
    harness.look([manager()]);
    expect(harness.decisions.splice(0)).toMatchObject([{ needed: 0, waiting: 0 }]);
  });

  it('says that a pool pauses, and how long', () => {
    const harness = Harness.subscribed();
    harness.look([six]);
    harness.offer(offer());
    harness.update(status('F.1', 'TASK_FAILED', { message: 'no such image' }));
    harness.wait(500);
    const last = harness.decisions.at(-1);
    expect(last).toMatchObject({ blockedBy: 'pool-pausing', backoff: { failures: 1, seconds: 5 } });
  });

  it('names a project that no pool serves, and forgets one that has ended', () => {
    const harness = Harness.subscribed([pool({ projects: /^other$/ })]);
    harness.look([six]);
    harness.look([]);
    harness.look([six]);
    expect(harness.decisions.map(({ blockedBy, pool }) => [blockedBy, pool])).toEqual([
      ['no-pool', undefined],
      ['no-pool', undefined],
    ]);
    expect(harness.decisions[0]?.why).toContain('no pool serves project sim. Add a pool with source workqueue');
  });

  it('is no news as long as workers work', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1)] })]);
    harness.offer(offer());
    harness.update(status('F.1', 'TASK_RUNNING'));
    harness.look([manager({ workers: [connected('F.1', 1)] })]);
    harness.decisions.length = 0;
    harness.wait(60_000);
    expect(harness.decisions).toEqual([]);
  });
});

describe('isNews', () => {
  const gist = { pool: 'a', blockedBy: undefined, needed: 4, unmet: 0 };

  it.each([
    ['the first decision', undefined, {}, true],
    ['the same', gist, {}, false],
    ['one worker more', gist, { needed: 5 }, false],
    ['twice as many', gist, { needed: 8 }, true],
    ['half as many', gist, { needed: 2 }, true],
    ['none', gist, { needed: 0 }, true],
    ['another pool', gist, { pool: 'b' }, true],
    ['a reason', gist, { blockedBy: 'no-offers' }, true],
    ['tasks that fit nowhere', gist, { unmet: 1 }, true],
  ])('%s', (_, before, changes, expected) => {
    expect(isNews(before, { ...gist, ...changes })).toBe(expected);
  });
});
