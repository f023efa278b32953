import { describe, expect, it } from 'vitest';
import type { ProjectDemand } from '../../../../framework/demand/demand.ts';
import type { TaskStatus } from '../../../../framework/mesos/messages.ts';
import { connected, Harness, kills, launches, manager, need, offer, pool, START, status } from '../fixtures.ts';

const MINUTE = 60_000;
const waiting = [need(48)];

interface Fate {
  /** ms after its launch. */
  after: number;
  status: Partial<TaskStatus> & Pick<TaskStatus, 'state'>;
}

/**
 * A cluster with room for everything: offers whenever the role is not suppressed. Every worker meets its fate.
 * @returns the times of the launches, ms since the start
 */
function live(
  harness: Harness,
  ms: number,
  fate: Fate | 'hangs',
  managers: ProjectDemand[] = [manager({ waiting })],
): number[] {
  harness.look(managers);
  const launchedAt = new Map<string, number>();
  const times: number[] = [];
  for (const end = harness.now + ms; harness.now < end; ) {
    harness.wait(100);
    if (harness.state.roles.get('*')?.suppressed === false) {
      for (const task of launches(harness.offer(offer({ cores: 64, memory: 1e6, disk: 1e6 })))) {
        launchedAt.set(task.task_id.value, harness.now);
        times.push(harness.now - START);
        harness.update(status(task.task_id.value, 'TASK_RUNNING'));
      }
    }
    for (const [id, at] of launchedAt) {
      if (fate === 'hangs' || harness.now - at < fate.after) continue;
      launchedAt.delete(id);
      harness.update(status(id, fate.status.state, fate.status));
    }
  }
  return times;
}

describe('an image whose worker fails', () => {
  it.each<[string, Fate | 'hangs']>([
    [
      'exits at once with a failure',
      { after: 0, status: { state: 'TASK_FAILED', message: 'Command exited with status 1' } },
    ],
    ['exits at once with success', { after: 100, status: { state: 'TASK_FINISHED' } }],
    ['cannot be pulled', { after: 1000, status: { state: 'TASK_FAILED', reason: 'REASON_CONTAINER_LAUNCH_FAILED' } }],
    ['is invalid', { after: 0, status: { state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID' } }],
    ['never connects', 'hangs'],
  ])('that %s is launched at most 10 times in the first 5 minutes', (_, fate) => {
    const harness = Harness.subscribed();
    const times = live(harness, 5 * MINUTE, fate);
    expect(times.length).toBeGreaterThanOrEqual(5);
    expect(times.length).toBeLessThanOrEqual(10);
  });

  it('says why, and until when', () => {
    const harness = Harness.subscribed();
    live(harness, MINUTE, { after: 0, status: { state: 'TASK_FAILED', message: 'no such image' } });
    expect(harness.reason).toBe('pool-pausing');
    expect([...harness.scheduler.blocked.values()][0]?.detail).toMatch(
      /^pool default launches nothing for \d+ s, because its workers failed \d+ times? ?(in a row)?: no such image$/,
    );
  });

  it('is tried ever more seldom, but at least every five minutes', () => {
    const times = live(Harness.subscribed(), 40 * MINUTE, { after: 0, status: { state: 'TASK_FAILED' } });
    const gaps = times.slice(-4).map((time, i, all) => time - (all[i - 1] ?? time));
    expect(gaps.slice(1).every((gap) => gap >= 290_000 && gap <= 310_000)).toBe(true);
  });

  it('does not count workers of a batch as so many proofs', () => {
    const harness = Harness.subscribed();
    live(harness, 2000, { after: 0, status: { state: 'TASK_FAILED' } });
    expect(harness.state.poolBackoffs.get('default')).toMatchObject({ failures: 1, pauses: 1 });
  });
});

describe('a pool', () => {
  it('begins with a few workers, and goes on at full speed as soon as one has connected', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting })]);
    expect(launches(harness.offer(offer({ cores: 64, memory: 1e6, disk: 1e6 })))).toHaveLength(4);
    expect(harness.reason).toBe('first-workers');
    harness.update(status('F.1', 'TASK_RUNNING'));
    harness.look([manager({ waiting: [need(47)], workers: [connected('F.1', 1)] })]);
    expect(launches(harness.offer(offer({ cores: 64, memory: 1e6, disk: 1e6 })))).toHaveLength(44);
  });

  it('that has worked does not pause for one failure, but for several in a row', () => {
    const harness = Harness.subscribed();
    harness.state.proven.add('default');
    harness.look([manager({ waiting: [need(8)] })]);
    harness.offer(offer({ agent: 'a' }));
    harness.update(status('F.1', 'TASK_FAILED'));
    harness.update(status('F.2', 'TASK_FAILED'));
    expect(harness.state.proven.has('default')).toBe(true);
    harness.update(status('F.3', 'TASK_FAILED'));
    harness.wait(500);
    expect(harness.reason).toBe('pool-pausing');
  });

  it('whose workers fail soon after they connected is not relaunched at full speed either', () => {
    const harness = Harness.subscribed();
    const times: number[] = [];
    const failAt = new Map<string, number>();
    for (let step = 0; step < 3000; step++) {
      harness.wait(100);
      const alive = harness.workers.filter(({ phase }) => phase === 'running');
      const left = [need(48 - alive.length)];
      harness.look([manager({ waiting: left, workers: alive.map(({ id }) => connected(id, 1)) })]);
      if (!harness.state.roles.get('*')?.suppressed) {
        for (const { task_id } of launches(harness.offer(offer({ cores: 64, memory: 1e6, disk: 1e6 })))) {
          times.push(harness.now);
          failAt.set(task_id.value, harness.now + 10_000);
          harness.update(status(task_id.value, 'TASK_RUNNING'));
        }
      }
      for (const [id, at] of failAt) {
        if (harness.now < at) continue;
        failAt.delete(id);
        harness.update(status(id, 'TASK_FAILED', { reason: 'REASON_CONTAINER_LIMITATION_MEMORY' }));
      }
    }
    // Two bursts of 48 before the second pause shows that connecting proves nothing here; then one at a time.
    expect(times.length).toBeLessThanOrEqual(110);
    expect(times.filter((time) => time > START + 100_000).length).toBeLessThanOrEqual(5);
    expect(harness.state.poolBackoffs.get('default')?.why).toContain('REASON_CONTAINER_LIMITATION_MEMORY');
  });

  it('forgets its failures when a worker has served for half a minute', () => {
    const harness = Harness.subscribed();
    live(harness, 1000, { after: 0, status: { state: 'TASK_FAILED' } });
    harness.wait(10_000);
    const [task] = launches(harness.offer(offer()));
    const id = task?.task_id.value ?? '';
    harness.update(status(id, 'TASK_RUNNING'));
    harness.look([manager({ waiting, workers: [connected(id, 1)] })]);
    expect(harness.state.poolBackoffs.size).toBe(1);
    harness.wait(31_000);
    expect(harness.state.poolBackoffs.size).toBe(0);
    expect(harness.state.agentBackoffs.size).toBe(0);
  });

  it('is given another chance by a new configuration', () => {
    const harness = Harness.subscribed();
    live(harness, MINUTE, { after: 0, status: { state: 'TASK_FAILED' } });
    harness.handle({ type: 'pools', pools: [pool({ image: 'repaired' })] });
    expect(launches(harness.offer(offer()))).not.toEqual([]);
  });
});

describe('workers that end through no fault of theirs', () => {
  function launched(): Harness {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(4)] })]);
    harness.offer(offer());
    return harness;
  }

  it.each<[string, Partial<TaskStatus> & Pick<TaskStatus, 'state'>]>([
    ['the offer was rescinded', { state: 'TASK_DROPPED', reason: 'REASON_INVALID_OFFERS' }],
    ['the agent was lost', { state: 'TASK_LOST', reason: 'REASON_AGENT_REMOVED' }],
    ['the operator removed the agent', { state: 'TASK_GONE_BY_OPERATOR' }],
    ['the agent is drained', { state: 'TASK_FAILED', reason: 'REASON_AGENT_DRAINING' }],
    ['somebody killed it', { state: 'TASK_KILLED' }],
  ])('%s: the pool does not pause', (_, fate) => {
    const harness = launched();
    harness.update(status('F.1', fate.state, fate));
    harness.wait(500);
    expect(harness.state.poolBackoffs.size).toBe(0);
    expect(launches(harness.offer(offer()))).toHaveLength(1);
  });

  it('whose manager had ended: what was booked in the meantime is taken back', () => {
    const harness = launched();
    harness.state.proven.add('default');
    for (const { id } of harness.workers) harness.update(status(id, 'TASK_FINISHED'));
    expect(harness.state.poolBackoffs.size).toBe(1);
    harness.now += 500;
    harness.look([]);
    expect(harness.state.poolBackoffs.size).toBe(0);
    expect(harness.state.agentBackoffs.size).toBe(0);
    expect(harness.state.proven.has('default')).toBe(true);
  });

  it('whose manager is silent cannot connect', () => {
    const harness = launched();
    harness.update(status('F.1', 'TASK_RUNNING'));
    harness.look([manager({ waiting: [need(4)], silentSince: START })]);
    expect(kills(harness.wait(5 * MINUTE))).toEqual([]);
    harness.update(status('F.1', 'TASK_FINISHED'));
    expect(harness.state.poolBackoffs.size).toBe(0);
  });

  it('that took minutes to be pulled are not taken for such that never connect', () => {
    const harness = launched();
    harness.update(status('F.1', 'TASK_STARTING'));
    harness.wait(10 * MINUTE);
    harness.update(status('F.1', 'TASK_RUNNING'));
    expect(kills(harness.wait(40_000))).toEqual([]);
    expect(kills(harness.wait(6000))).toEqual(['F.1']);
    expect(harness.state.poolBackoffs.get('default')?.why).toContain('did not connect');
  });
});

describe('a manager that only the catalog knows', () => {
  it('proves its pool by workers that go on running', () => {
    const harness = Harness.subscribed();
    const row = manager({ workers: undefined, waiting: [need(20)] });
    harness.look([row]);
    for (const { task_id } of launches(harness.offer(offer({ cores: 64, memory: 1e6, disk: 1e6 })))) {
      harness.update(status(task_id.value, 'TASK_RUNNING'));
    }
    expect(harness.workers).toHaveLength(4);
    expect(kills(harness.wait(MINUTE))).toEqual([]);
    expect(launches(harness.offer(offer({ cores: 64, memory: 1e6, disk: 1e6 })))).toHaveLength(16);
  });
});
