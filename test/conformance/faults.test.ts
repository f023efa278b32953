import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { frameworkInfo, type RawFramework, send } from './client.ts';
import { firstOffer, identified, isReal, launch, task, useCluster } from './cluster.ts';

// Nothing here can be brought about on a real master from outside: agents and masters die in these tests.
const cluster = useCluster({ timings: { heartbeat: 300 } });
const LEGACY = frameworkInfo({ capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }] });

/** A task that sleeps on the agent with this index, and all offers that the framework was given. */
async function sleeper(framework: RawFramework, index: number, id = 'sleeper') {
  const offers = await framework.offers();
  const offer = offers.find(({ agent_id }) => agent_id.value.endsWith(`-S${index}`));
  if (!offer) throw new Error(`no offer of agent ${index}`);
  await launch(framework, [offer], [task(offer, id, { command: 'sleep 60' })], 600);
  await framework.update(id, 'TASK_RUNNING');
  return { offer, others: offers.filter((other) => other !== offer) };
}

describe.skipIf(isReal)('an agent that is lost (needs fault switches)', () => {
  it('makes its tasks unreachable, its offers void, and tells every framework; it can come back', async () => {
    const owner = await cluster.subscribe();
    const { offer } = await sleeper(owner, 1);
    const bystander = await cluster.subscribe();
    await bystander.next('HEARTBEAT');
    cluster.faults.loseAgent(1);
    const lost = await owner.update('sleeper', 'TASK_UNREACHABLE');
    expect(lost).toMatchObject({
      source: 'SOURCE_MASTER',
      reason: 'REASON_AGENT_REMOVED',
      message: 'health check timed out',
      agent_id: offer.agent_id,
    });
    expect(lost.uuid).toBeUndefined();
    expect(lost.unreachable_time?.nanoseconds).toMatch(/^\d{19}$/);
    expect((await bystander.next('FAILURE')).failure).toEqual({ agent_id: offer.agent_id });
    owner.mark();
    const tasks = [
      { task_id: { value: 'sleeper' } },
      { task_id: { value: 'sleeper' }, agent_id: offer.agent_id },
      { task_id: { value: 'never' }, agent_id: offer.agent_id },
    ];
    await owner.call('RECONCILE', { reconcile: { tasks } });
    const never = await owner.update('never', 'TASK_UNREACHABLE');
    expect(never).toMatchObject({
      message: 'Reconciliation: Task is unreachable',
      unreachable_time: lost.unreachable_time,
    });
    expect(owner.statuses('sleeper').map(({ state }) => state)).toEqual(['TASK_UNREACHABLE', 'TASK_UNREACHABLE']);
    await owner.call('RECONCILE', { reconcile: { tasks: [] } });
    owner.mark();
    cluster.faults.returnAgent(1);
    expect(await owner.update('sleeper', 'TASK_RUNNING')).toMatchObject({
      reason: 'REASON_AGENT_REREGISTERED',
      message: 'Unreachable agent re-reregistered',
    });
    expect(owner.statuses('sleeper')).toHaveLength(1);
    await owner.call('KILL', { kill: { task_id: { value: 'sleeper' } } });
    await owner.update('sleeper', 'TASK_KILLED');
  });

  it('rescinds the offers that frameworks hold of it', async () => {
    const framework = await cluster.subscribe();
    const offers = await framework.offers();
    const held = offers.filter(({ agent_id }) => agent_id.value.endsWith('-S2')).map(({ id }) => id.value);
    expect(held.length).toBeGreaterThan(0);
    cluster.faults.loseAgent(2);
    expect(held).toContain((await framework.next('RESCIND')).rescind?.offer_id.value);
    framework.mark();
    cluster.faults.returnAgent(2);
    const back = await framework.offers();
    expect(back.every(({ agent_id }) => agent_id.value.endsWith('-S2'))).toBe(true);
  });

  it('loses the tasks of frameworks without PARTITION_AWARE, and gives them back', async () => {
    const framework = await cluster.subscribe({ info: LEGACY });
    await sleeper(framework, 0);
    cluster.faults.loseAgent(0);
    expect((await framework.update('sleeper', 'TASK_LOST')).reason).toBe('REASON_AGENT_REMOVED');
    framework.mark();
    cluster.faults.returnAgent(0);
    await framework.update('sleeper', 'TASK_RUNNING');
  });

  it('delivers later what happened meanwhile', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    const index = Number(offer.agent_id.value.at(-1));
    const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const gate = join(folder, 'gate');
    const command = `until [ -e ${gate} ]; do sleep 0.1; done`;
    await launch(framework, [offer], [task(offer, 'ends', { command })], 600);
    await framework.update('ends', 'TASK_RUNNING');
    cluster.faults.loseAgent(index);
    await framework.update('ends', 'TASK_UNREACHABLE');
    writeFileSync(gate, '');
    await sleep(1000);
    framework.mark();
    cluster.faults.returnAgent(index);
    expect((await framework.update('ends', 'TASK_FINISHED')).uuid).toHaveLength(16);
  });
});

describe.skipIf(isReal)('a master that restarts (needs fault switches)', () => {
  it('with nothing in its registry knows tasks only when their agents are back', async () => {
    const before = await cluster.subscribe();
    await sleeper(before, 0);
    cluster.faults.restart('empty', 1500);
    await before.until('the end', () => before.closed).catch(() => undefined);
    expect(before.closed).toBe('broken');
    const after = await cluster.subscribe({ info: identified(before.id) });
    await after.next('SUBSCRIBED');
    expect(after.id).toBe(before.id);
    await after.call('RECONCILE', { reconcile: { tasks: [{ task_id: { value: 'sleeper' } }] } });
    await after.update('sleeper', 'TASK_UNKNOWN');
    expect(await after.update('sleeper', 'TASK_RUNNING')).toMatchObject({
      reason: 'REASON_AGENT_REREGISTERED',
      message: 'Unknown agent reregistered',
    });
    await after.offers();
  });

  it('with a registry answers nothing about its agents until they are back', async () => {
    const before = await cluster.subscribe();
    const { offer } = await sleeper(before, 0);
    cluster.faults.restart('kept', 1000);
    const after = await cluster.subscribe({ info: identified(before.id) });
    await after.next('SUBSCRIBED');
    const tasks = [
      { task_id: { value: 'sleeper' }, agent_id: offer.agent_id },
      { task_id: { value: 'sleeper' } },
      { task_id: { value: 'other' }, agent_id: { value: 'unknown-agent' } },
    ];
    await after.call('RECONCILE', { reconcile: { tasks } });
    await after.update('other', 'TASK_UNKNOWN');
    expect(after.statuses('sleeper')).toEqual([]);
    await after.offers();
    await after.call('RECONCILE', { reconcile: { tasks: tasks.slice(0, 1) } });
    const answer = await after.until('an answer', () =>
      after.statuses('sleeper').find(({ reason }) => reason === 'REASON_RECONCILIATION'),
    );
    expect(answer.state).toBe('TASK_RUNNING');
  });
});

describe.skipIf(isReal)('a connection (needs fault switches)', () => {
  it('that breaks costs a framework neither its id nor its tasks', async () => {
    const before = await cluster.subscribe();
    await sleeper(before, 0);
    cluster.faults.dropStreams();
    await before.until('the end', () => before.closed).catch(() => undefined);
    expect(before.closed).toBe('broken');
    const after = await cluster.subscribe({ info: identified(before.id) });
    await after.next('SUBSCRIBED');
    await after.call('RECONCILE', { reconcile: { tasks: [] } });
    await after.update('sleeper', 'TASK_RUNNING');
  });

  it('goes quiet when heartbeats stop', async () => {
    const framework = await cluster.subscribe();
    await framework.next('HEARTBEAT');
    await framework.next('HEARTBEAT');
    cluster.faults.stopHeartbeats(true);
    framework.mark();
    await sleep(1000);
    expect(framework.events.filter(({ type }) => type === 'HEARTBEAT').length).toBeLessThan(4);
    cluster.faults.stopHeartbeats(false);
    await framework.next('HEARTBEAT');
  });

  it('is slow when told so, and keeps the order of events', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    cluster.faults.delay(400);
    const start = performance.now();
    await launch(framework, [offer], [task(offer, 'slow')], 600);
    expect(performance.now() - start).toBeGreaterThan(390);
    cluster.faults.delay(0);
    await framework.update('slow', 'TASK_FINISHED');
    expect(framework.statuses('slow').map(({ state }) => state)).toEqual([
      'TASK_STARTING',
      'TASK_RUNNING',
      'TASK_FINISHED',
    ]);
  });

  it.each([401, 403, 503] as const)('is refused with %d until it is not', async (status) => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    cluster.faults.refuse(status);
    try {
      expect((await framework.call('REVIVE')).status).toBe(status);
      expect((await cluster.subscribe()).status).toBe(status);
    } finally {
      cluster.faults.refuse(undefined);
    }
    expect((await framework.call('REVIVE')).status).toBe(202);
  });

  it('is sent on to the leader when there is another', async () => {
    cluster.faults.redirectTo('127.0.0.1:9');
    try {
      const call = await send(`${cluster.url}/api/v1/scheduler`, { method: 'POST', body: '{}' });
      expect([call.status, call.headers.location]).toEqual([307, '//127.0.0.1:9/master/api/v1/scheduler']);
      expect((await send(`${cluster.url}/state`)).headers.location).toBe('//127.0.0.1:9/master/state');
      expect((await send(`${cluster.url}/redirect`)).headers.location).toBe('//127.0.0.1:9');
      expect((await send(`${cluster.url}/health`)).status).toBe(200);
    } finally {
      cluster.faults.redirectTo(undefined);
    }
  });
});

describe.skipIf(isReal)('offers (need fault switches)', () => {
  it('that are rescinded are void, and come back as others', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    framework.mark();
    cluster.faults.rescindOffers();
    await framework.next('RESCIND');
    await launch(framework, [offer], [task(offer, 'late')]);
    await framework.update('late', 'TASK_DROPPED');
    framework.mark();
    await framework.offers();
  });

  it('of an agent in maintenance say so, and inverse offers come again after each answer', async () => {
    const framework = await cluster.subscribe();
    const { offer } = await sleeper(framework, 0);
    cluster.faults.planMaintenance(0, 60_000);
    const [inverse] = (await framework.next('INVERSE_OFFERS')).inverse_offers?.inverse_offers ?? [];
    expect(inverse).toMatchObject({
      agent_id: offer.agent_id,
      unavailability: { start: { nanoseconds: expect.any(String) } },
    });
    if (!inverse) throw new Error('an inverse offer was expected');
    const body = { inverse_offer_ids: [inverse.id], filters: { refuse_seconds: 0 } };
    expect((await framework.call('DECLINE_INVERSE_OFFERS', { decline_inverse_offers: body })).status).toBe(202);
    const [second] = (await framework.next('INVERSE_OFFERS')).inverse_offers?.inverse_offers ?? [];
    expect(second?.id.value).not.toBe(inverse.id.value);
    await framework.call('REVIVE');
    const marked = await framework.until('an offer of the agent', () =>
      framework.events.flatMap((event) => event.offers?.offers ?? []).find(({ unavailability }) => unavailability),
    );
    expect(marked.agent_id).toEqual(offer.agent_id);
    cluster.faults.planMaintenance(0, undefined);
    expect((await framework.next('RESCIND_INVERSE_OFFER')).rescind_inverse_offer?.inverse_offer_id).toEqual(second?.id);
  });
});

describe.skipIf(isReal)('an agent that the operator gives up (needs fault switches)', () => {
  it('takes its tasks with it for ever', async () => {
    const framework = await cluster.subscribe();
    const { offer } = await sleeper(framework, 2);
    await cluster.faults.markAgentGone(2);
    expect(await framework.update('sleeper', 'TASK_GONE_BY_OPERATOR')).toMatchObject({
      reason: 'REASON_AGENT_REMOVED_BY_OPERATOR',
      message: 'Agent has been marked gone',
    });
    await framework.next('FAILURE');
    framework.mark();
    await framework.call('RECONCILE', {
      reconcile: { tasks: [{ task_id: { value: 'sleeper' }, agent_id: offer.agent_id }] },
    });
    expect((await framework.update('sleeper', 'TASK_GONE_BY_OPERATOR')).message).toBe('Reconciliation: Task is gone');
    cluster.faults.returnAgent(2);
    await framework.call('RECONCILE', {
      reconcile: { tasks: [{ task_id: { value: 'sleeper' }, agent_id: offer.agent_id }] },
    });
    await sleep(200);
    expect(framework.statuses('sleeper').at(-1)?.state).toBe('TASK_GONE_BY_OPERATOR');
  });
});
