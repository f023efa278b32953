import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CODECS, frameworkInfo, type RawFramework } from './client.ts';
import { amount, firstOffer, isReal, launch, task, useCluster } from './cluster.ts';

const cluster = useCluster();

/** Declines all that is held, and resolves with how long it took until something was offered again. */
async function declineAndWait(framework: RawFramework, refuseSeconds: number | undefined): Promise<number> {
  const offers = await framework.offers();
  framework.mark();
  const start = performance.now();
  const filters = refuseSeconds === undefined ? {} : { filters: { refuse_seconds: refuseSeconds } };
  await framework.call('DECLINE', { decline: { offer_ids: offers.map(({ id }) => id), ...filters } });
  await framework.offers();
  return performance.now() - start;
}

describe('OFFERS', () => {
  it.each(CODECS)('in %s name agent, role, resources and where the agent listens', async (_, codec) => {
    const framework = await cluster.subscribe({ codec, info: frameworkInfo({ roles: ['conformance'] }) });
    const offer = await firstOffer(framework);
    expect(offer.framework_id.value).toBe(framework.id);
    expect(offer.hostname).not.toBe('');
    expect(offer.url).toMatchObject({ scheme: 'http', path: '/slave(1)', address: { port: expect.any(Number) } });
    expect(amount(offer, 'cpus')).toBeGreaterThan(0);
    expect(amount(offer, 'mem')).toBeGreaterThan(0);
    expect(offer.allocation_info).toEqual({ role: 'conformance' });
  });

  it('give the unreserved resources of an agent to one role of a framework at a time', async () => {
    const framework = await cluster.subscribe({ info: frameworkInfo({ roles: ['conformance', 'other'] }) });
    const offers = await framework.offers();
    await sleep(1500);
    const cpus = (role: string) =>
      offers.filter((offer) => offer.allocation_info?.role === role).map((offer) => offer.agent_id.value);
    expect(cpus('conformance').filter((agent) => cpus('other').includes(agent))).toEqual([]);
  });
});

describe('DECLINE', () => {
  it('keeps the resources away for as long as refuse_seconds says', async () => {
    const framework = await cluster.subscribe();
    expect(await declineAndWait(framework, 3)).toBeGreaterThan(2900);
  });

  it('without a filter refuses for five seconds', async () => {
    const framework = await cluster.subscribe();
    const took = await declineAndWait(framework, undefined);
    expect(took).toBeGreaterThan(4900);
    expect(took).toBeLessThan(60_000);
  });

  it('of zero seconds refuses nothing: the next allocation offers the same again', async () => {
    const framework = await cluster.subscribe();
    // On a busy machine once may take long, whatever the filter.
    const took = [await declineAndWait(framework, 0), await declineAndWait(framework, 0)];
    expect(Math.min(...took)).toBeLessThan(5000);
  });

  it('of a negative number of seconds means five', async () => {
    const framework = await cluster.subscribe();
    expect(await declineAndWait(framework, -1)).toBeGreaterThan(4900);
  });

  it('makes room for other frameworks at once', async () => {
    const first = await cluster.subscribe();
    const offers = await first.offers();
    const second = await cluster.subscribe();
    await second.next('HEARTBEAT');
    await first.call('DECLINE', {
      decline: { offer_ids: offers.map(({ id }) => id), filters: { refuse_seconds: 600 } },
    });
    expect((await second.offers()).length).toBeGreaterThan(0);
  });
});

describe('REVIVE and SUPPRESS', () => {
  it('REVIVE ends filters and suppression, and brings offers at once', async () => {
    const framework = await cluster.subscribe();
    const offers = await framework.offers();
    await framework.call('SUPPRESS');
    await framework.call('DECLINE', {
      decline: { offer_ids: offers.map(({ id }) => id), filters: { refuse_seconds: 1000 } },
    });
    framework.mark();
    await sleep(2500);
    expect(framework.events.filter((event) => event.type === 'OFFERS')).toHaveLength(1);
    await framework.call('REVIVE');
    expect((await framework.offers()).length).toBeGreaterThan(0);
  });

  it('SUPPRESS leaves the framework the offers that it holds', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    await framework.call('SUPPRESS');
    await sleep(500);
    await launch(framework, [offer], [task(offer, 'works')], 600);
    await framework.update('works', 'TASK_FINISHED');
    await sleep(1500);
    expect(framework.events.filter((event) => event.type === 'RESCIND')).toEqual([]);
    expect(framework.events.filter((event) => event.type === 'OFFERS')).toHaveLength(1);
  });

  it('for one role leaves the others alone', async () => {
    const framework = await cluster.subscribe({ info: frameworkInfo({ roles: ['conformance', 'other'] }) });
    const offers = await framework.offers();
    await framework.call('SUPPRESS', { suppress: { roles: ['conformance'] } });
    framework.mark();
    await framework.call('DECLINE', {
      decline: { offer_ids: offers.map(({ id }) => id), filters: { refuse_seconds: 0 } },
    });
    const next = await framework.offers();
    expect(new Set(next.map((offer) => offer.allocation_info?.role))).toEqual(new Set(['other']));
  });
});

describe('ACCEPT', () => {
  it('uses an offer up, and what is left over comes back when its filter is over', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    const total = amount(offer, 'cpus');
    framework.mark();
    await launch(framework, [offer], [task(offer, 'holds', { command: 'sleep 30' })], 0);
    const rest = await framework.until('the rest of the agent', () =>
      framework.events
        .flatMap((event) => event.offers?.offers ?? [])
        .find((fresh) => fresh.agent_id.value === offer.agent_id.value && fresh.id.value !== offer.id.value),
    );
    expect(amount(rest, 'cpus')).toBeCloseTo(total - 0.1, 3);
    await launch(framework, [offer], [task(offer, 'again')]);
    const dropped = await framework.update('again', 'TASK_DROPPED');
    expect(dropped).toMatchObject({ reason: 'REASON_INVALID_OFFERS', source: 'SOURCE_MASTER' });
    expect(dropped.message).toBe(`Task launched with invalid offers: Offer ${offer.id.value} is no longer valid`);
    expect(dropped.uuid).toBeUndefined();
  });

  it('without operations is a decline', async () => {
    const framework = await cluster.subscribe();
    const offers = await framework.offers();
    const start = performance.now();
    framework.mark();
    for (const { id } of offers) {
      await framework.call('ACCEPT', {
        accept: { offer_ids: [id], operations: [], filters: { refuse_seconds: 3 } },
      });
    }
    await framework.offers();
    expect(performance.now() - start).toBeGreaterThan(2900);
  });

  it('joins offers of one agent', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    const total = amount(offer, 'cpus');
    framework.mark();
    // Two tasks that end at different times give their resources back in two offers.
    const half = (id: string, command: string) =>
      task(offer, id, {
        command,
        resources: [
          { name: 'cpus', type: 'SCALAR', scalar: { value: Math.floor((total / 2) * 10) / 10 } },
          { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
        ],
      });
    await launch(framework, [offer], [half('sooner', 'sleep 0.2'), half('later', 'sleep 3')]);
    await framework.update('sooner', 'TASK_FINISHED');
    const ofAgent = () =>
      framework.events
        .flatMap((event) => event.offers?.offers ?? [])
        .filter((fresh) => fresh.agent_id.value === offer.agent_id.value && fresh.id.value !== offer.id.value);
    await framework.update('later', 'TASK_FINISHED');
    const pieces = await framework.until('all cores in several offers', () => {
      const cpus = ofAgent().reduce((sum, piece) => sum + amount(piece, 'cpus'), 0);
      return cpus > total - 0.001 ? ofAgent() : undefined;
    });
    expect(pieces.length).toBeGreaterThan(1);
    const all = task(offer, 'joined', {
      resources: [
        { name: 'cpus', type: 'SCALAR', scalar: { value: total } },
        { name: 'mem', type: 'SCALAR', scalar: { value: 64 } },
      ],
    });
    await launch(framework, pieces, [all]);
    await framework.update('joined', 'TASK_FINISHED');
  });

  it.skipIf(isReal)('of two agents drops all its tasks (needs two agents)', async () => {
    const framework = await cluster.subscribe();
    const offers = await framework.offers();
    const [one, other] = offers.filter(
      (offer, index) => offers.findIndex((o) => o.agent_id.value === offer.agent_id.value) === index,
    );
    if (!one || !other) throw new Error('offers of two agents were expected');
    await launch(framework, [one, other], [task(one, 'torn')]);
    const dropped = await framework.update('torn', 'TASK_DROPPED');
    expect(dropped.reason).toBe('REASON_INVALID_OFFERS');
    expect(dropped.message).toBe(
      `Task launched with invalid offers: Aggregated offers must belong to one single agent. Offer ${other.id.value} uses agent ${other.agent_id.value} and agent ${one.agent_id.value}`,
    );
  });

  it("drops tasks launched with another framework's offer", async () => {
    const first = await cluster.subscribe();
    const offer = await firstOffer(first);
    const second = await cluster.subscribe();
    await second.next('SUBSCRIBED');
    await launch(second, [offer], [task(offer, 'thief')]);
    expect((await second.update('thief', 'TASK_DROPPED')).reason).toBe('REASON_INVALID_OFFERS');
  });
});
