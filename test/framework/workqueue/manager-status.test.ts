import { describe, expect, it } from 'vitest';
import type { CatalogRow } from '../../../framework/workqueue/catalog.ts';
import { demandOf, problemOf } from '../../../framework/workqueue/demand-of.ts';
import type { Listing } from '../../../framework/workqueue/listings.ts';
import type { ManagerFailure } from '../../../framework/workqueue/manager.ts';
import {
  afterFailure,
  afterNoTasks,
  afterSilence,
  afterStatus,
  afterTasks,
  afterWorkers,
  type ManagerStatus,
  nextAsk,
  notAskedYet,
  resting,
  tasksDue,
  workersDue,
} from '../../../framework/workqueue/manager-status.ts';
import { managerRecord, recording } from './peers.ts';

const NOW = 1795346240_000;
const intervals = { busyMs: 500, idleMs: 2000, absentMs: 250 };
const row: CatalogRow = {
  ...managerRecord({}, 'queue_status_waiting.json'),
  address: '10.0.0.7',
  lastHeardFrom: NOW - 4000,
};
const place = { host: '10.0.0.7', port: 1025, address: '10.0.0.7:1025' };
const listed: Listing = { ...place, row };
const named: Listing = place;

function answer(name: string, transferMs = 1) {
  const bytes = recording(name);
  return { records: JSON.parse(bytes.toString()), bytes: bytes.length, transferMs };
}

function asked(change = {}, listing = listed, before: ManagerStatus = notAskedYet(NOW)): ManagerStatus {
  return afterStatus(before, listing, managerRecord(change), { transferMs: 1 }, NOW);
}

/** A manager with two tasks on a worker and two waiting, as recorded. */
function everythingAsked(): ManagerStatus {
  const known = afterTasks(asked(), answer('task_status_running.json'), NOW);
  return afterWorkers(known, answer('worker_status_running.json'));
}

function failed(known: ManagerStatus, failure: ManagerFailure, times = 1): ManagerStatus {
  return times === 0
    ? known
    : failed(afterFailure(known, failure, `fails (${failure})`, NOW + 1000), failure, times - 1);
}

const need = { category: 'sleepers', cores: 1, memory: 64, disk: 64 };

describe('what a manager that answers needs', () => {
  it('is what it says itself', () => {
    expect(demandOf(listed, everythingAsked(), NOW)).toEqual({
      source: 'workqueue',
      manager: '10.0.0.7:1025',
      name: 'one.proj-1',
      owner: 'root',
      startedAt: 1795346226000,
      asOf: NOW,
      tasksWaiting: 2,
      tasksOnWorkers: 2,
      waiting: [{ ...need, count: 2 }],
      running: [{ ...need, count: 2 }],
      workers: [
        {
          tag: 'Linux',
          hostname: 'vm',
          shape: { cores: 2, memory: 512, disk: 500 },
          inUse: { cores: 2, memory: 128, disk: 128 },
          tasksRunning: 2,
        },
      ],
      allotment: 'requests',
      advice:
        'its manager speaks Work Queue protocol 9 (version 8.0.0 DEVELOPMENT). Check that the workers speak it too',
    });
  });

  it('is nothing before it was asked', () => {
    expect(demandOf(listed, notAskedYet(NOW), NOW)).toBeUndefined();
  });

  it('has no workers as soon as the manager says that it has none', () => {
    const known = asked({ workers: 0, tasks_on_workers: 0 }, listed, everythingAsked());
    expect(demandOf(listed, known, NOW)).toMatchObject({ workers: [], running: [] });
    expect(workersDue(known)).toBe(false);
  });
});

describe('a port that was reused', () => {
  it('by another project makes the row worthless', () => {
    const known = asked({ project: 'other' }, listed, everythingAsked());
    expect(known.state).toBe('foreign');
    expect(demandOf(listed, known, NOW)).toBeUndefined();
    expect(nextAsk(known, listed, intervals)).toBeUndefined();
  });

  it('by a later run of the same project too, even within the same second', () => {
    expect(asked({ starttime: 1795346300 }).state).toBe('foreign');
    expect(asked({ time_when_started: 1795346226967611 }).state).toBe('foreign');
  });

  it('is a new manager where the address was given by hand', () => {
    const known = asked({ project: 'other', starttime: 1795346300 }, named, everythingAsked());
    expect(demandOf(named, known, NOW)).toMatchObject({ name: 'other', startedAt: 1795346300_000, workers: [] });
  });

  it('by something that is no manager is noticed after some tries, not at the first', () => {
    for (const failure of ['garbage', 'dropped'] as const) {
      const early = failed(everythingAsked(), failure, 4);
      expect(demandOf(listed, early, NOW)).toMatchObject({ tasksWaiting: 2, silentSince: NOW + 1000 });
      const known = failed(early, failure);
      expect(known.state).toBe('foreign');
      expect(demandOf(listed, known, NOW)).toBeUndefined();
    }
  });
});

describe('a manager that refuses connections', () => {
  it('is dead at once, although its row stays', () => {
    for (const before of [notAskedYet(NOW), everythingAsked(), afterSilence(everythingAsked(), NOW)]) {
      const known = failed(before, 'refused');
      expect(demandOf(listed, known, NOW)).toBeUndefined();
      expect(problemOf(listed, known)).toBeUndefined();
      expect(nextAsk(known, listed, intervals)).toBeUndefined();
    }
  });

  it('is waited for where it was named directly', () => {
    const known = failed(notAskedYet(NOW), 'refused');
    expect(nextAsk(known, named, intervals)).toBe(250);
    expect(problemOf(named, known)).toMatch(/10\.0\.0\.7:1025 has not started yet/);
  });
});

describe('a silent manager', () => {
  it('keeps its last values, with the time since when there is no news', () => {
    const known = afterSilence(everythingAsked(), NOW + 500);
    expect(demandOf(listed, known, NOW + 3_600_000)).toEqual({
      ...demandOf(listed, everythingAsked(), NOW),
      silentSince: NOW + 500,
    });
    expect(afterSilence(known, NOW + 9000).since).toBe(NOW + 500);
    expect(asked({}, listed, known).state).toBe('answering');
  });

  it('that was never heard is alive, but its row makes nobody start workers', () => {
    const known = afterSilence(notAskedYet(NOW), NOW);
    const demand = demandOf(listed, known, NOW);
    expect(demand).toMatchObject({ tasksWaiting: 0, waiting: [], silentSince: NOW });
    expect(demand?.workers).toBeUndefined();
    expect(demandOf(listed, known, NOW + 200_000)).toBeUndefined();
    expect(demandOf(named, known, NOW)).toBeUndefined();
  });
});

describe('a manager that cannot be reached', () => {
  it("has the catalog's numbers, while its row is fresh", () => {
    const known = failed(notAskedYet(NOW), 'unreachable');
    const demand = demandOf(listed, known, NOW);
    expect(demand).toMatchObject({ asOf: NOW - 4000, tasksWaiting: 4, waiting: [{ ...need, count: 4 }] });
    expect(demand?.workers).toBeUndefined();
    expect(demandOf(listed, known, NOW + 200_000)).toBeUndefined();
    expect(problemOf(listed, known)).toMatch(/"one\.proj-1" at 10\.0\.0\.7:1025 fails/);
  });

  it('keeps its own last word until the catalog knows better, for as long as a row would count', () => {
    const known = failed(everythingAsked(), 'unreachable');
    expect(demandOf(listed, known, NOW)).toMatchObject({ asOf: NOW, tasksWaiting: 2, silentSince: NOW + 1000 });
    const newer = { ...listed, row: { ...row, lastHeardFrom: NOW + 60_000, tasksWaiting: 1 } };
    expect(demandOf(newer, known, NOW + 61_000)).toMatchObject({ asOf: NOW + 60_000, tasksWaiting: 1 });
    expect(demandOf(named, known, NOW + 129_000)).toBeDefined();
    expect(demandOf(named, known, NOW + 131_000)).toBeUndefined();
  });

  it('is tried again, more and more rarely', () => {
    const delays = [1, 2, 3, 9].map((times) =>
      nextAsk(failed(everythingAsked(), 'unreachable', times), listed, intervals),
    );
    expect(delays).toEqual([200, 400, 800, 5000]);
  });
});

describe('a locked manager', () => {
  it('is known as its row describes it, with the reason, and remembers that it wants the password', () => {
    const known = failed(notAskedYet(NOW), 'needs password');
    const demand = demandOf(listed, known, NOW);
    expect(demand?.closed).toBe(`${known.reason}. Put its password into the file of --password`);
    // It has not proved that it knows the password itself.
    expect(demand).not.toHaveProperty('authenticated');
    expect(problemOf(listed, known)).toBeUndefined();
    const unlisted = { ...listed, row: undefined };
    expect(demandOf(unlisted, known, NOW)).toBeUndefined();
    expect(problemOf(unlisted, known)).toMatch(/It gets no workers/);
    expect(known.protected).toBe(true);
    expect(demandOf(listed, asked({}, listed, known), NOW)).toMatchObject({ authenticated: true });
  });
});

describe('what is asked', () => {
  it('are lists only when the counts say that they changed', () => {
    const known = everythingAsked();
    expect(tasksDue(asked(), NOW)).toBe(true);
    expect(workersDue(asked())).toBe(true);
    const later = NOW + 60_000;
    expect(tasksDue(asked({ time_polling: 1 }, listed, known), later)).toBe(false);
    expect(workersDue(asked({ time_polling: 1 }, listed, known))).toBe(false);
    expect(tasksDue(asked({ tasks_submitted: 9 }, listed, known), later)).toBe(true);
    expect(workersDue(asked({ tasks_done: 1 }, listed, known))).toBe(true);
    expect(tasksDue(asked({ tasks_waiting: 0, tasks_on_workers: 0 }), later)).toBe(false);
  });

  it('is a long list of tasks not more often than its cost allows', () => {
    const list = { ...answer('task_status_running.json', 50), bytes: 4_500_000 };
    const known = asked({ tasks_submitted: 9 }, listed, afterTasks(asked(), list, NOW));
    expect(known.tasks?.costMs).toBeCloseTo(275);
    expect(tasksDue(known, NOW + 5000)).toBe(false);
    expect(tasksDue(known, NOW + 6000)).toBe(true);
  });

  it('is a list that did not come through a minute later, with the needs known before', () => {
    const known = afterNoTasks(everythingAsked(), NOW);
    expect(tasksDue(known, NOW + 59_000)).toBe(false);
    expect(tasksDue(known, NOW + 61_000)).toBe(true);
    expect(demandOf(listed, known, NOW)?.waiting).toEqual([{ ...need, count: 2 }]);
  });

  it('is a busy manager more often than an idle one, and an expensive one less often', () => {
    expect(nextAsk(asked(), listed, intervals)).toBe(500);
    expect(nextAsk(asked({ tasks_waiting: 0, tasks_on_workers: 0, workers: 0 }), listed, intervals)).toBe(2000);
    expect(nextAsk(asked({ tasks_waiting: 20_000 }), listed, intervals)).toBeCloseTo(810, 0);
    const slow = afterStatus(notAskedYet(NOW), listed, managerRecord(), { transferMs: 60_000 }, NOW);
    expect(nextAsk(slow, listed, intervals)).toBe(10_000);
  });

  it('is a duplicate no more', () => {
    const known = resting(everythingAsked(), 'duplicate', 'is followed at 127.0.0.1:1025', NOW);
    expect(demandOf(listed, known, NOW)).toBeUndefined();
    expect(nextAsk(known, listed, intervals)).toBeUndefined();
  });
});
