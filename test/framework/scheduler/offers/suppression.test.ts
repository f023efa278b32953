import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../framework/mesos/messages.ts';
import { connected, Harness, launches, manager, need, offer, pool, status, types } from '../fixtures.ts';

const MINUTE = 60_000;

describe('a framework with nothing to do', () => {
  it('subscribes suppressed, and says nothing more', () => {
    const harness = new Harness([pool({ role: 'a' }), pool({ name: 'b', role: 'b' }), pool({ name: 'c', role: 'a' })]);
    const { framework_info, suppressed_roles } = harness.scheduler.subscription({ user: 'u', name: 'n' });
    expect(framework_info).toEqual({
      user: 'u',
      name: 'n',
      id: { value: 'F' },
      roles: ['a', 'b'],
      capabilities: ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE', 'TASK_KILLING_STATE'].map((type) => ({
        type,
      })),
    });
    expect(suppressed_roles).toEqual(['a', 'b']);
    expect(types(harness.subscribe())).toEqual(['RECONCILE']);
    expect(types(harness.look([manager()]))).toEqual([]);
    expect(types(harness.wait(10 * MINUTE))).toEqual([]);
  });

  it('declines once for long what was on its way, and holds nothing', () => {
    const harness = Harness.subscribed();
    const offers = [offer(), offer({ agent: 'agent-2' })];
    const calls = harness.offer(...offers);
    expect(calls).toEqual([
      { type: 'DECLINE', decline: { offer_ids: offers.map(({ id }) => id), filters: { refuse_seconds: 3600 } } },
    ]);
    expect(harness.state.offers.size).toBe(0);
    expect(types(harness.wait(10 * MINUTE))).toEqual([]);
  });

  it('suppresses once when the last need is served, and then is silent', () => {
    const harness = Harness.subscribed();
    expect(types(harness.look([manager({ waiting: [need(1)] })]))).toEqual(['REVIVE']);
    expect(types(harness.offer(offer(), offer({ agent: 'agent-2' })))).toEqual(['ACCEPT', 'DECLINE', 'SUPPRESS']);
    harness.update(status('F.1', 'TASK_RUNNING'));
    expect(types(harness.look([manager({ workers: [connected('F.1', 1)] })]))).toEqual([]);
    expect(types(harness.wait(10 * MINUTE))).toEqual([]);
  });

  it('suppresses again when Mesos goes on offering', () => {
    const harness = Harness.subscribed();
    expect(types(harness.offer(offer()))).toEqual(['DECLINE']);
    harness.now += 5000;
    expect(types(harness.offer(offer()))).toEqual(['DECLINE', 'SUPPRESS']);
    expect(types(harness.offer(offer()))).toEqual(['DECLINE']);
  });

  it('asks for offers of no role before it was told of any manager', () => {
    const harness = new Harness();
    harness.subscribe();
    expect(types(harness.offer(offer()))).toEqual(['DECLINE']);
    expect(types(harness.wait(MINUTE))).toEqual([]);
  });
});

describe('a need', () => {
  it('revives its own role only', () => {
    const harness = Harness.subscribed([pool({ projects: /^sim$/, role: 'a' }), pool({ name: 'b', role: 'b' })]);
    expect(harness.look([manager({ waiting: [need(1)] })])).toEqual([{ type: 'REVIVE', revive: { roles: ['a'] } }]);
  });

  it('that no offer serves asks again, ever more seldom, and is never forgotten', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1, { cores: 99 })] })]);
    const revives: number[] = [];
    for (let second = 1; second <= 600; second++) {
      if (types(harness.wait(1000)).includes('REVIVE')) revives.push(second);
      harness.offer(offer());
    }
    expect(revives.slice(0, 5)).toEqual([10, 30, 70, 130, 190]);
    expect(revives.length).toBeGreaterThan(10);
    expect(launches(harness.offer(offer({ cores: 100 })))).toHaveLength(1);
  });

  it('that grows asks again, but not more than once a second', () => {
    const harness = Harness.subscribed();
    harness.state.proven.add('default');
    const revives: string[] = [];
    for (let count = 1; count <= 40; count++) {
      revives.push(...types(harness.look([manager({ waiting: [need(count)] })])), ...types(harness.wait(100)));
    }
    expect(revives.length).toBeLessThanOrEqual(5);
    expect(revives.length).toBeGreaterThanOrEqual(3);
  });

  it('that is held back by its pool’s limits wants no offers', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(48)] })]);
    expect(types(harness.offer(offer()))).toEqual(['ACCEPT', 'SUPPRESS']);
    expect(harness.reason).toBe('first-workers');
    expect(types(harness.look([manager({ waiting: [need(47)], workers: [connected('F.1', 1)] })]))).toEqual(['REVIVE']);
  });

  it('is served after a new subscription, whatever was said under the old one', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1)] })]);
    harness.handle({ type: 'disconnected' });
    expect(types(harness.wait(MINUTE))).toEqual([]);
    expect(types(harness.subscribe())).toEqual(['RECONCILE', 'REVIVE']);
    expect(launches(harness.offer(offer()))).toHaveLength(1);
  });
});

describe('a call that failed', () => {
  function fail(harness: Harness, call: Call | undefined, refused: boolean): Call[] {
    if (!call) throw new Error('no such call was made');
    return harness.handle({ type: 'call-failed', call, refused, why: '503 try later' });
  }

  it.each([true, false])('is not repeated faster than the clock ticks (refused: %s)', (refused) => {
    const harness = Harness.subscribed();
    let made = harness.look([manager({ waiting: [need(1)] })]);
    for (let tries = 0; tries < 5; tries++) {
      expect(types(made)).toEqual(['REVIVE']);
      expect(fail(harness, made[0], refused)).toEqual([]);
      made = harness.wait(500);
    }
  });

  it('SUPPRESS is repeated', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1)] })]);
    fail(harness, harness.look([manager()])[0], false);
    expect(types(harness.wait(500))).toEqual(['SUPPRESS']);
  });

  it('DECLINE is repeated: Mesos would hold the offers for ever', () => {
    const harness = Harness.subscribed();
    const [decline] = harness.offer(offer());
    fail(harness, decline, true);
    expect(harness.wait(500)).toEqual([decline]);
    expect(types(harness.wait(MINUTE))).toEqual([]);
  });

  it('ACCEPT that was refused has launched nothing: its offers are declined, its tasks served by others', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1)] })]);
    const [accept] = harness.offer(offer());
    fail(harness, accept, true);
    expect(harness.workers).toEqual([]);
    expect(harness.records.at(-1)).toEqual({ type: 'gone', id: 'F.1', why: 'the master refused it: 503 try later' });
    const calls = harness.wait(500);
    expect(types(calls)).toEqual(['DECLINE', 'REVIVE']);
    expect(calls[0]?.decline?.offer_ids).toEqual(accept?.accept?.offer_ids);
    expect(launches(harness.offer(offer()))).toHaveLength(1);
  });

  it('ACCEPT that was lost may have launched: its workers are asked for, and none is launched beside them', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1)] })]);
    fail(harness, harness.offer(offer())[0], false);
    const calls = harness.wait(5000);
    expect(types(calls)).toEqual(['DECLINE', 'RECONCILE']);
    expect(launches(harness.offer(offer()))).toEqual([]);
    harness.update(status('F.1', 'TASK_GONE', { reason: 'REASON_RECONCILIATION' }));
    harness.wait(500);
    expect(launches(harness.offer(offer()))).toHaveLength(1);
  });

  it('RECONCILE for everything is put again soon', () => {
    const harness = Harness.subscribed();
    fail(harness, { type: 'RECONCILE', reconcile: { tasks: [] } }, false);
    expect(types(harness.wait(9500))).toEqual([]);
    expect(types(harness.wait(500))).toEqual(['RECONCILE']);
  });

  it('of an old subscription does not matter to the next', () => {
    const harness = Harness.subscribed();
    const [decline] = harness.offer(offer());
    harness.handle({ type: 'disconnected' });
    fail(harness, decline, false);
    expect(types(harness.subscribe())).toEqual(['RECONCILE']);
    expect(types(harness.wait(MINUTE))).toEqual([]);
  });
});

describe('a change of the pools', () => {
  it('tells Mesos of new roles and capabilities, and uses them', () => {
    const harness = Harness.subscribed();
    harness.look([manager({ waiting: [need(1)] })]);
    const calls = harness.handle({ type: 'pools', pools: [pool({ role: 'new', revocable: true })] });
    expect(types(calls)).toEqual(['UPDATE_FRAMEWORK', 'REVIVE']);
    expect(calls[0]?.update_framework).toMatchObject({
      framework_info: { user: 'tester', name: 'test', id: { value: 'F' }, roles: ['new'] },
      suppressed_roles: ['new'],
    });
    expect(calls[0]?.update_framework?.framework_info.capabilities).toContainEqual({ type: 'REVOCABLE_RESOURCES' });
    expect(calls[0]?.update_framework?.framework_info.capabilities).not.toContainEqual({ type: 'GPU_RESOURCES' });
    expect(launches(harness.offer(offer({ role: 'new' })))).toHaveLength(1);
    expect(types(harness.wait(MINUTE))).not.toContain('UPDATE_FRAMEWORK');
  });

  it('declares that GPUs are used once a pool gives them', () => {
    const harness = Harness.subscribed();
    const shape = { cores: 1, memory: 64, disk: 64, gpus: 1 };
    const [call] = harness.handle({ type: 'pools', pools: [pool({ shape })] });
    expect(call?.update_framework?.framework_info.capabilities).toContainEqual({ type: 'GPU_RESOURCES' });
  });

  it('is not told where it changes nothing for Mesos', () => {
    const harness = Harness.subscribed();
    expect(types(harness.handle({ type: 'pools', pools: [pool({ max: 7 })] }))).toEqual([]);
  });

  it('that came while a subscription was under way is told right after it', () => {
    const harness = new Harness();
    harness.scheduler.subscription({ user: 'u', name: 'n' });
    harness.handle({ type: 'pools', pools: [pool({ role: 'new' })] });
    const calls = harness.mesos({ type: 'SUBSCRIBED', subscribed: { framework_id: { value: 'F' } } });
    expect(types(calls)).toEqual(['RECONCILE', 'UPDATE_FRAMEWORK']);
  });

  it('is told again when that was lost, and not when an old master refuses it', () => {
    for (const [refused, again] of [
      [false, ['UPDATE_FRAMEWORK']],
      [true, []],
    ] as const) {
      const harness = Harness.subscribed();
      const [call] = harness.handle({ type: 'pools', pools: [pool({ role: 'new' })] });
      if (call) harness.handle({ type: 'call-failed', call, refused, why: '400' });
      expect(types(harness.wait(MINUTE))).toEqual(again);
    }
  });
});
