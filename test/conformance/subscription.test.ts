import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ALL_CAPABILITIES, CODECS, frameworkInfo, send } from './client.ts';
import { firstOffer, identified, launch, newId, task, useCluster } from './cluster.ts';

const cluster = useCluster();

/** SUBSCRIBE again and again until the answer begins with this event; how soon a master notices is its own affair. */
async function subscribeUntil(id: string, type: string, patience = 10_000) {
  const deadline = performance.now() + patience;
  for (;;) {
    const framework = await cluster.subscribe({ info: identified(id, { failover_timeout: 0 }) });
    const first = await framework.until('an event', () => framework.events[0]);
    if (first.type === type) return first;
    if (performance.now() > deadline) throw new Error(`still ${first.type} after ${patience} ms`);
    await framework.drop();
    await sleep(200);
  }
}

describe('SUBSCRIBE', () => {
  it.each(CODECS)('is answered in %s by SUBSCRIBED before anything else', async (_, codec) => {
    const framework = await cluster.subscribe({ codec });
    const first = await framework.until('an event', () => framework.events[0]);
    expect(framework.status).toBe(200);
    expect(framework.headers['content-type']).toBe(codec.contentType);
    expect(framework.streamId).toMatch(/^[0-9a-f-]{36}$/);
    expect(first.type).toBe('SUBSCRIBED');
    expect(first.subscribed?.framework_id.value).not.toBe('');
    expect(first.subscribed?.heartbeat_interval_seconds).toBe(15);
    expect(`${cluster.url}`).toContain(`:${first.subscribed?.master_info?.address?.port}`);
    await framework.next('HEARTBEAT');
  });

  it('brings a heartbeat every 15 seconds', async () => {
    const framework = await cluster.subscribe();
    const beats = () =>
      framework.events.flatMap((event, index) => (event.type === 'HEARTBEAT' ? [framework.times[index] ?? 0] : []));
    await framework.until('two heartbeats', () => beats().length >= 2);
    const [first = 0, second = 0] = beats();
    expect(second - first).toBeGreaterThan(13_000);
    expect(second - first).toBeLessThan(20_000);
  });

  it('accepts an id that the framework chose itself', async () => {
    const id = newId('own');
    const framework = await cluster.subscribe({ info: identified(id) });
    const first = await framework.until('an event', () => framework.events[0]);
    expect(first.subscribed?.framework_id.value).toBe(id);
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'works')]);
    await framework.update('works', 'TASK_FINISHED');
  });

  it('prefers JSON whenever it is allowed, and takes request and answer in different encodings', async () => {
    const [[, json] = [], [, protobuf] = []] = CODECS;
    if (!json || !protobuf) throw new Error('two codecs');
    for (const accept of ['application/x-protobuf, application/json;q=0.1', '*/*']) {
      const framework = await cluster.subscribe({ codec: json, headers: { accept, 'content-type': json.contentType } });
      expect(framework.headers['content-type']).toBe('application/json');
      await framework.next('SUBSCRIBED');
    }
    const only = await cluster.subscribe({ codec: protobuf, headers: { accept: 'application/x-protobuf' } });
    expect(only.headers['content-type']).toBe('application/x-protobuf');
    await only.next('SUBSCRIBED');
  });

  it('hands the framework over to a second stream with the same id', async () => {
    const old = await cluster.subscribe();
    await old.next('SUBSCRIBED');
    const younger = await cluster.subscribe({ info: identified(old.id) });
    await younger.next('SUBSCRIBED');
    expect(younger.id).toBe(old.id);
    expect(younger.streamId).not.toBe(old.streamId);
    const error = await old.until('ERROR', () => old.events.find((event) => event.type === 'ERROR'));
    expect(error.error?.message).toBe('Framework failed over');
    await old.until('the end', () => old.closed).catch(() => undefined);
    expect(old.closed).toBe('ended');
    const answer = await old.call('REVIVE');
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(
      `The stream ID '${old.streamId}' included in this request didn't match the stream ID currently associated with framework ID ${old.id}`,
    );
    expect((await younger.call('REVIVE')).status).toBe(202);
  });

  it('accepts another user on the way back, and -1 as failover timeout', async () => {
    const first = await cluster.subscribe();
    await first.next('SUBSCRIBED');
    const again = await cluster.subscribe({ info: identified(first.id, { user: 'nobody', failover_timeout: -1 }) });
    await again.next('SUBSCRIBED');
    expect(again.id).toBe(first.id);
  });

  it('does not accept another principal on the way back', async () => {
    const first = await cluster.subscribe({ info: frameworkInfo({ principal: 'one' }) });
    await first.next('SUBSCRIBED');
    const again = await cluster.subscribe({ info: identified(first.id, { principal: 'other' }) });
    const event = await again.until('an event', () => again.events[0]);
    expect(event.error?.message).toBe("Changing framework's principal is not allowed.");
    expect((await first.call('REVIVE')).status).toBe(202);
  });

  it('lifts suppression when a framework returns, unless it names the roles again', async () => {
    const first = await cluster.subscribe({ suppressedRoles: ['*'] });
    await first.next('HEARTBEAT');
    await sleep(1500);
    expect(first.events.filter((event) => event.type === 'OFFERS')).toEqual([]);
    const again = await cluster.subscribe({ info: identified(first.id), suppressedRoles: ['*'] });
    await sleep(1500);
    expect(again.events.filter((event) => event.type === 'OFFERS')).toEqual([]);
    const third = await cluster.subscribe({ info: identified(first.id) });
    await third.offers();
  });

  it('offers nothing to a framework with MULTI_ROLE and no roles', async () => {
    const framework = await cluster.subscribe({ info: frameworkInfo({ roles: [] }) });
    await framework.next('HEARTBEAT');
    await sleep(2500);
    expect(framework.events.filter((event) => event.type === 'OFFERS')).toEqual([]);
  });
});

describe('a framework that is disconnected', () => {
  it('finds its tasks and its id untouched within the failover timeout; its old offers are void', async () => {
    const before = await cluster.subscribe();
    const offer = await firstOffer(before);
    // What is left over may be offered before the task runs.
    before.mark();
    await launch(before, [offer], [task(offer, 'survivor', { command: 'sleep 60' })]);
    await before.update('survivor', 'TASK_RUNNING');
    const held = (await before.offers())[0];
    await before.drop();
    const after = await cluster.subscribe({ info: identified(before.id) });
    const offers = await after.offers();
    expect(after.id).toBe(before.id);
    await after.call('RECONCILE', { reconcile: { tasks: [] } });
    // The update that said so may come again: its acknowledgement was perhaps on its way.
    const answer = await after.until('the answer', () =>
      after.statuses('survivor').find(({ reason }) => reason === 'REASON_RECONCILIATION'),
    );
    expect(answer.state).toBe('TASK_RUNNING');
    if (!held) throw new Error('no offer was held');
    expect(offers.map((fresh) => fresh.id.value)).not.toContain(held.id.value);
    await launch(after, [held], [task(held, 'late')]);
    expect((await after.update('late', 'TASK_DROPPED')).reason).toBe('REASON_INVALID_OFFERS');
  });

  it('may not call while its stream is closed', async () => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    await framework.drop();
    let answer = await framework.call('REVIVE');
    for (let tries = 0; answer.status === 202 && tries < 50; tries++) {
      await sleep(100);
      answer = await framework.call('REVIVE');
    }
    expect([answer.status, answer.text]).toEqual([403, 'Framework is not subscribed']);
    await (await cluster.subscribe({ info: identified(framework.id) })).next('SUBSCRIBED');
  });

  it.each([0, 1])('is removed, and its id refused, after a failover timeout of %d s', async (seconds) => {
    const framework = await cluster.subscribe({ info: frameworkInfo({ failover_timeout: seconds }) });
    await framework.next('SUBSCRIBED');
    await framework.drop();
    await sleep(seconds * 1000 + 500);
    const error = await subscribeUntil(framework.id, 'ERROR');
    expect(error.error?.message).toBe('Framework has been removed');
  });
});

describe('TEARDOWN', () => {
  it('ends the stream in order, without updates; id and calls are refused from then on', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'doomed', { command: 'sleep 60' })]);
    await framework.update('doomed', 'TASK_RUNNING');
    framework.mark();
    expect((await framework.call('TEARDOWN')).status).toBe(202);
    await framework.until('the end', () => framework.closed).catch(() => undefined);
    expect(framework.closed).toBe('ended');
    expect(framework.statuses('doomed').map((status) => status.state)).toEqual([]);
    const call = await framework.call('REVIVE');
    expect([call.status, call.text]).toEqual([400, 'Framework cannot be found']);
    const again = await cluster.subscribe({ info: identified(framework.id) });
    const first = await again.until('an event', () => again.events[0]);
    expect(first.error?.message).toBe('Framework has been removed');
  });

  it('leaves the task killed in the completed frameworks of /state', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'doomed', { command: 'sleep 60' })]);
    await framework.update('doomed', 'TASK_RUNNING');
    await framework.call('TEARDOWN');
    const { text } = await send(`${cluster.url}/state`);
    const state = JSON.parse(text) as {
      completed_frameworks: { id: string; completed_tasks: { id: string; state: string }[] }[];
    };
    const gone = state.completed_frameworks.find(({ id }) => id === framework.id);
    expect(gone?.completed_tasks.map(({ id, state }) => [id, state])).toEqual([['doomed', 'TASK_KILLED']]);
  });
});

describe('UPDATE_FRAMEWORK', () => {
  it('answers 200, and rescinds the offers for roles that are dropped', async () => {
    const framework = await cluster.subscribe({ info: frameworkInfo({ roles: ['conformance'] }) });
    const offers = await framework.offers();
    const info = identified(framework.id, { roles: ['other'] });
    const answer = await framework.call('UPDATE_FRAMEWORK', { update_framework: { framework_info: info } });
    expect([answer.status, answer.text]).toEqual([200, '']);
    const rescinded = await framework.next('RESCIND');
    expect(offers.map((offer) => offer.id.value)).toContain(rescinded.rescind?.offer_id.value);
    const next = await framework.until('offers for the new role', () =>
      framework.events
        .flatMap((event) => event.offers?.offers ?? [])
        .find((offer) => offer.allocation_info?.role === 'other'),
    );
    expect(next.allocation_info).toEqual({ role: 'other' });
  });

  it('refuses another principal, and roles that no SUBSCRIBE could have', async () => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    const update = async (overrides: object, suppressed_roles: string[] = []) => {
      const framework_info = identified(framework.id, overrides);
      const answer = await framework.call('UPDATE_FRAMEWORK', {
        update_framework: { framework_info, suppressed_roles },
      });
      return `${answer.status} ${answer.text}`;
    };
    expect(await update({ principal: 'me' })).toBe(
      "400 FrameworkInfo update is not valid: Changing framework's principal is not allowed.",
    );
    expect(await update({ roles: ['a', 'a'] })).toBe(
      "400 Supplied FrameworkInfo is not valid: 'FrameworkInfo.roles' contains duplicate items: { a }",
    );
    expect(await update({}, ['other'])).toBe(
      "400 'UpdateFramework' call is not valid: Suppressed roles { other } are not contained in the set of roles",
    );
  });

  it('refuses to change the user', async () => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    const { user } = frameworkInfo();
    const answer = await framework.call('UPDATE_FRAMEWORK', {
      update_framework: { framework_info: identified(framework.id, { user: 'somebody-else' }) },
    });
    expect([answer.status, answer.text]).toEqual([
      400,
      `FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; attempted to update from '${user}' to 'somebody-else'`,
    ]);
  });
});

describe('capabilities', () => {
  const cases = [
    { having: [], roles: { role: 'conformance' }, allocation: undefined, resourceRole: '*' },
    {
      having: ['MULTI_ROLE'],
      roles: { roles: ['conformance'] },
      allocation: { role: 'conformance' },
      resourceRole: '*',
    },
    {
      having: ['RESERVATION_REFINEMENT'],
      roles: { role: 'conformance' },
      allocation: undefined,
      resourceRole: undefined,
    },
    {
      having: ALL_CAPABILITIES,
      roles: { roles: ['conformance'] },
      allocation: { role: 'conformance' },
      resourceRole: undefined,
    },
  ];
  it.each(cases)(
    '$having: offers have the fields that it knows',
    async ({ having, roles, allocation, resourceRole }) => {
      const { roles: _, ...info } = frameworkInfo({ capabilities: having.map((type) => ({ type })) });
      const framework = await cluster.subscribe({ info: { ...info, ...roles } });
      const offer = await firstOffer(framework);
      expect(offer.allocation_info).toEqual(allocation);
      const unreserved = (offer.resources ?? []).filter(({ reservations }) => !reservations);
      for (const resource of unreserved) {
        expect(resource.allocation_info).toEqual(allocation);
        expect(resource.role).toBe(resourceRole);
      }
      expect(unreserved.length).toBeGreaterThan(0);
      await launch(framework, [offer], [task(offer, 'runs')]);
      await framework.update('runs', 'TASK_FINISHED');
    },
  );
});
