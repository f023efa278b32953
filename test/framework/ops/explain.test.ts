import { describe, expect, it } from 'vitest';
import type { ProjectDemand } from '../../../framework/demand/demand.ts';
import { explain } from '../../../framework/ops/explain.ts';
import type { Pool } from '../../../framework/scheduler/state/pool.ts';
import { connected, Harness, manager, need, offer, pool, START, status } from '../scheduler/fixtures.ts';

function explained(harness: Harness) {
  return explain(harness.state, harness.scheduler.blocked, harness.now);
}

/** What is said of the first project. */
function words(harness: Harness): string {
  return explained(harness)[0]?.words.join('\n') ?? '';
}

function waiting(changes: Partial<Pool> = {}, more: Partial<ProjectDemand> = {}): Harness {
  const harness = Harness.subscribed([pool(changes)]);
  harness.state.proven.add('default');
  harness.look([manager({ waiting: [need(3)], ...more })]);
  return harness;
}

describe('explain', () => {
  it('gives the terms of the decision in numbers and in words', () => {
    const harness = waiting();
    harness.offer(offer({ cores: 2 }));
    expect(explained(harness)).toEqual([
      {
        project: 'sim',
        manager: '10.0.0.1:9123',
        source: 'workqueue',
        pool: 'default',
        tasks: { waiting: 3, onWorkers: 0 },
        workers: { busy: 0, idle: 0, starting: 2, leaving: 0, missing: 1 },
        blocked: 'offers-too-small',
        reason: expect.stringMatching(/^the offers to role \* are too small: /),
        words: [
          'tasks: 3 waiting, 0 on workers',
          'workers: 0 busy, 0 idle, 2 starting; the idle and starting ones will take 0 of the waiting tasks',
          'missing: 1 worker of 1 core and 1024 MB',
          'no worker is launched now: the offers to role * are too small: the largest has 0 cores, ' +
            '14336 MB memory, 97952 MB disk left, but a worker needs 1 core, 1024 MB memory, 1024 MB disk',
        ],
      },
    ]);
  });

  it('shows five sizes of missing workers, and one line for tasks of the same size of worker', () => {
    const needs = [1, 2, 3, 4, 5, 6, 7, 7].map((cores) => ({ category: `c${cores}`, cores, count: 2 }));
    expect(words(waiting({}, { waiting: needs }))).toMatch(
      /missing: 4 workers of 7 cores and 1024 MB, (2 workers of \d cores and 1024 MB, ){4}4 of other sizes$/m,
    );
  });

  it('tells of coarse workers what they may be split into', () => {
    const harness = waiting({ granularity: 2 });
    expect(words(harness)).toContain(
      'missing: 1 worker of 2 cores and 2048 MB (or smaller ones, down to 1 core and 1024 MB), 1 worker of 1 core',
    );
    expect(words(harness)).toContain('a worker needs 1 core');
  });

  it('says why some workers are larger than usual', () => {
    const harness = waiting({ granularity: 'auto' }, { waiting: [need(7)] });
    harness.offer(offer());
    expect(words(harness)).toContain(
      '2 of its workers are larger, in the place of 6 small ones that would start later: an agent is expected to start 4 workers a second, until other starts are seen there',
    );
    harness.now += 250;
    harness.update(status('F.1', 'TASK_RUNNING'));
    harness.now += 250;
    harness.update(status('F.2', 'TASK_RUNNING'));
    expect(words(harness)).toContain('agent agent-1.example starts 4 workers a second');
  });

  it('says that nothing is missing where nothing waits', () => {
    const harness = Harness.subscribed();
    harness.look([manager()]);
    expect(words(harness)).toContain('no task waits, so no worker is missing');
    expect(explained(harness)[0]?.blocked).toBeNull();
  });

  it('remembers what the last offers told, while none are held', () => {
    const harness = waiting({ role: 'analysis' });
    expect(words(harness)).toContain('Mesos makes no offers to role analysis now; a worker needs 1 core');
    harness.offer(offer({ role: 'analysis', memory: 512 }));
    expect(words(harness)).toContain('the largest has 8 cores, 512 MB memory');
    harness.wait(5000);
    expect(words(harness)).toContain('the largest has 8 cores, 512 MB memory');
  });

  it.each<[string, () => Harness, string]>([
    ['the pool’s maximum', () => waitingAfterOffer({ max: 1 }), 'pool default has its maximum of 1 worker'],
    [
      'the launch rate',
      () => waitingAfterOffer({ launchesPerSecond: 2 }),
      'pool default may launch at most 2 workers in a second',
    ],
    ['a delay', () => waiting({ scaleUpDelaySeconds: 30 }), 'lets its tasks wait 30 s longer'],
    ['a password', () => waiting({}, { authenticated: true }), 'pool default has no passwordFile'],
    ['a missing password', () => waiting({ passwordFile: '/p' }), 'its manager does not ask for a password'],
    ['a silent manager', () => waiting({}, { silentSince: START - 9000 }), 'its manager has been silent for 9 s'],
    ['old numbers', () => waiting({}, { silentSince: START - 9000 }), 'has not answered for 9 s'],
    ['the catalog’s numbers', () => waiting({}, { workers: undefined }), 'this framework cannot reach its manager'],
    ['a foreign project', () => waiting({ projects: /^other$/ }), 'no pool serves project sim'],
    [
      'an image that no pool has',
      () => waiting({ image: 'x:1' }, { name: 'sim@image=y:1' }),
      'no pool serves project sim with image y:1. The pools that match its name have other images: default x:1',
    ],
    [
      'constraints',
      () => waitingAfterOffer({ constraints: [{ field: 'rack', operator: 'MAX_PER', limit: 1 }] }),
      'the constraints of pool default exclude the only agent that has room',
    ],
    [
      'tasks that fit nowhere',
      () =>
        waiting(
          { limit: { cores: 2, memory: 4096, disk: 4096 } },
          { waiting: [need(2, { category: 'reco', cores: 8 })] },
        ),
      '2 tasks of category reco each need 8 cores, ? MB memory, ? MB disk: that is more than the limit of pool default',
    ],
  ])('names %s', (_, make, expected) => {
    expect(words(make())).toContain(expected);
  });

  function waitingAfterOffer(changes: Partial<Pool>): Harness {
    const harness = waiting(changes);
    harness.offer(offer());
    return harness;
  }

  it('names a pause and its reason', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(3)] })]);
    harness.offer(offer());
    harness.update(
      status('F.1', 'TASK_FAILED', { message: 'no such image', reason: 'REASON_CONTAINER_LAUNCH_FAILED' }),
    );
    harness.wait(1000);
    expect(words(harness)).toMatch(
      /pool default launches nothing for 4 s, .*: no such image \(REASON_CONTAINER_LAUNCH_FAILED\)/,
    );
  });

  it('tells of workers that leave, and of a lost master', () => {
    const harness = waiting();
    harness.offer(offer());
    harness.look([manager({ workers: [connected('F.1', 0)] })]);
    harness.wait(2000);
    harness.handle({ type: 'disconnected' });
    expect(words(harness)).toContain('3 workers are leaving');
    expect(words(harness)).toContain('not subscribed to a Mesos master');
  });

  it('gives the advice of the source where workers fail before their manager lists them', () => {
    const harness = Harness.subscribed([pool()]);
    harness.look([manager({ waiting: [need(9)], advice: 'its manager speaks Work Queue protocol 11' })]);
    harness.offer(offer({ cores: 16 }));
    expect(explained(harness)[0]?.blocked).toBe('first-workers');
    expect(words(harness)).toContain('its manager speaks Work Queue protocol 11');
  });
});
