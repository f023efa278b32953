import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { frameworkInfo, type RawFramework } from './client.ts';
import { firstOffer, identified, isReal, launch, task, useCluster } from './cluster.ts';

const cluster = useCluster();

async function start(framework: RawFramework, id: string, command: string, options = {}) {
  const offer = await firstOffer(framework);
  await launch(framework, [offer], [task(offer, id, { command, ...options })], 600);
  return offer;
}

describe('acknowledgement', () => {
  it('is waited for: the same update comes again after ten seconds, and nothing newer before', async () => {
    const framework = await cluster.subscribe({ acknowledge: false });
    await start(framework, 'waits', 'true');
    const first = await framework.update('waits', 'TASK_STARTING');
    const time = performance.now();
    const again = await framework.until('a repetition', () => framework.statuses('waits')[1], 30_000);
    expect(performance.now() - time).toBeGreaterThan(9000);
    expect(again).toEqual(first);
    framework.mark();
    await framework.call('RECONCILE', { reconcile: { tasks: [{ task_id: { value: 'waits' } }] } });
    const known = await framework.until('an answer', () => framework.statuses('waits')[0]);
    expect(known).toMatchObject({ state: 'TASK_STARTING', reason: 'REASON_RECONCILIATION' });
    framework.mark();
    await framework.acknowledge(again);
    await framework.acknowledge(first);
    const running = await framework.update('waits', 'TASK_RUNNING');
    await framework.acknowledge(running);
    await framework.acknowledge(running);
    await framework.acknowledge(await framework.update('waits', 'TASK_FINISHED'));
    await sleep(500);
    expect(framework.statuses('waits').map(({ state }) => state)).toEqual(['TASK_RUNNING', 'TASK_FINISHED']);
  }, 60_000);

  it('that was owed when the framework left is owed when it returns', async () => {
    const before = await cluster.subscribe({ acknowledge: false });
    await start(before, 'owed', 'true');
    const first = await before.update('owed', 'TASK_STARTING');
    await before.drop();
    const after = await cluster.subscribe({ info: identified(before.id) });
    const again = await after.update('owed', 'TASK_STARTING');
    expect(again.uuid).toEqual(first.uuid);
    await after.update('owed', 'TASK_FINISHED');
  });
});

describe('KILL', () => {
  it('ends a task: KILLING, then KILLED', async () => {
    const framework = await cluster.subscribe();
    await start(framework, 'victim', 'sleep 60');
    await framework.update('victim', 'TASK_RUNNING');
    await framework.call('KILL', { kill: { task_id: { value: 'victim' } } });
    const killed = await framework.update('victim', 'TASK_KILLED');
    expect(killed).toMatchObject({ source: 'SOURCE_EXECUTOR', message: 'Command terminated with signal Terminated' });
    expect(framework.statuses('victim').map(({ state }) => state)).toEqual([
      'TASK_STARTING',
      'TASK_RUNNING',
      'TASK_KILLING',
      'TASK_KILLED',
    ]);
  });

  it('tells frameworks without TASK_KILLING_STATE of the end only', async () => {
    const info = frameworkInfo({ capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }] });
    const framework = await cluster.subscribe({ info });
    const offer = await start(framework, 'victim', 'sleep 60');
    await framework.update('victim', 'TASK_RUNNING');
    await framework.call('KILL', { kill: { task_id: { value: 'victim' }, agent_id: offer.agent_id } });
    await framework.update('victim', 'TASK_KILLED');
    expect(framework.statuses('victim').map(({ state }) => state)).not.toContain('TASK_KILLING');
  });

  it('makes a task KILLED also when its command exits with 0', async () => {
    const framework = await cluster.subscribe();
    const ready = 'trap "exit 0" TERM; touch ready; while :; do sleep 0.05; done';
    await start(framework, 'polite', ready);
    await framework.update('polite', 'TASK_RUNNING');
    // RUNNING is told when the process is forked: give the shell time for its trap.
    await sleep(1000);
    await framework.call('KILL', { kill: { task_id: { value: 'polite' } } });
    expect((await framework.update('polite', 'TASK_KILLED')).message).toBe('Command exited with status 0');
  });

  it("waits for the task's own grace period before it sends SIGKILL, whatever the call asks for", async () => {
    const framework = await cluster.subscribe();
    const stubborn = 'trap "" TERM; while :; do sleep 0.05; done';
    const policy = { kill_policy: { grace_period: { nanoseconds: '1500000000' } } };
    await start(framework, 'stubborn', stubborn, policy);
    await framework.update('stubborn', 'TASK_RUNNING');
    await sleep(1000);
    const asked = performance.now();
    await framework.call('KILL', {
      kill: { task_id: { value: 'stubborn' }, kill_policy: { grace_period: { nanoseconds: '100000000' } } },
    });
    const killed = await framework.update('stubborn', 'TASK_KILLED');
    expect(performance.now() - asked).toBeGreaterThan(1400);
    expect(killed.message).toBe('Command terminated with signal Killed');
  });

  it('waits three seconds when the task says nothing', async () => {
    const framework = await cluster.subscribe();
    await start(framework, 'stubborn', 'trap "" TERM; while :; do sleep 0.05; done');
    await framework.update('stubborn', 'TASK_RUNNING');
    await sleep(1000);
    const asked = performance.now();
    await framework.call('KILL', { kill: { task_id: { value: 'stubborn' } } });
    await framework.update('stubborn', 'TASK_KILLED');
    expect(performance.now() - asked).toBeGreaterThan(2900);
    expect(performance.now() - asked).toBeLessThan(15_000);
  });

  it('that names another agent is passed over', async () => {
    const framework = await cluster.subscribe();
    await start(framework, 'spared', 'sleep 2');
    await framework.update('spared', 'TASK_RUNNING');
    await framework.call('KILL', { kill: { task_id: { value: 'spared' }, agent_id: { value: 'no-such-agent' } } });
    await framework.update('spared', 'TASK_FINISHED');
  });

  it('of an unknown task is answered as a reconciliation is', async () => {
    const framework = await cluster.subscribe();
    const { agent_id } = await firstOffer(framework);
    await framework.call('KILL', { kill: { task_id: { value: 'nobody-1' } } });
    expect(await framework.update('nobody-1', 'TASK_UNKNOWN')).toMatchObject({ reason: 'REASON_RECONCILIATION' });
    await framework.call('KILL', { kill: { task_id: { value: 'nobody-2' }, agent_id } });
    expect(await framework.update('nobody-2', 'TASK_GONE')).toMatchObject({ reason: 'REASON_RECONCILIATION' });
  });
});

describe('RECONCILE', () => {
  const legacy = [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }];
  it.each([
    { aware: true, info: frameworkInfo(), unknown: 'TASK_UNKNOWN', gone: 'TASK_GONE' },
    { aware: false, info: frameworkInfo({ capabilities: legacy }), unknown: 'TASK_LOST', gone: 'TASK_LOST' },
  ])('explicit, partition aware: $aware', async ({ info, unknown, gone }) => {
    const framework = await cluster.subscribe({ info });
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'alive', { command: 'sleep 60' }), task(offer, 'done')], 600);
    await framework.update('alive', 'TASK_RUNNING');
    const finished = await framework.update('done', 'TASK_FINISHED');
    await framework.acknowledge(finished);
    framework.mark();
    const { agent_id } = offer;
    await framework.call('RECONCILE', {
      reconcile: {
        tasks: [
          { task_id: { value: 'alive' }, agent_id },
          { task_id: { value: 'done' }, agent_id },
          { task_id: { value: 'never' }, agent_id },
          { task_id: { value: 'nowhere' } },
          { task_id: { value: 'elsewhere' }, agent_id: { value: 'no-such-agent' } },
        ],
      },
    });
    const answers = await Promise.all([
      framework.update('alive', 'TASK_RUNNING'),
      framework.update('done', gone),
      framework.update('never', gone),
      framework.update('nowhere', unknown),
      framework.update('elsewhere', unknown),
    ]);
    expect(answers.map(({ message }) => message)).toEqual([
      'Reconciliation: Latest task state',
      'Reconciliation: Task is unknown to the agent',
      'Reconciliation: Task is unknown to the agent',
      'Reconciliation: Task is unknown',
      'Reconciliation: Task is unknown',
    ]);
    for (const answer of answers) {
      expect(answer).toMatchObject({ source: 'SOURCE_MASTER', reason: 'REASON_RECONCILIATION' });
      expect(answer.uuid).toBeUndefined();
    }
  });

  it('implicit reports each task that is alive, once, and nothing else', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    await framework.call('RECONCILE', { reconcile: { tasks: [] } });
    const tasks = [
      task(offer, 'one', { command: 'sleep 60' }),
      task(offer, 'two', { command: 'sleep 60' }),
      task(offer, 'done'),
    ];
    await launch(framework, [offer], tasks, 600);
    await framework.update('one', 'TASK_RUNNING');
    await framework.update('two', 'TASK_RUNNING');
    await framework.acknowledge(await framework.update('done', 'TASK_FINISHED'));
    framework.mark();
    await framework.call('RECONCILE', { reconcile: { tasks: [] } });
    await framework.update('one', 'TASK_RUNNING');
    await framework.update('two', 'TASK_RUNNING');
    await sleep(300);
    const answers = framework.events
      .flatMap((event) => event.update?.status ?? [])
      .filter(({ reason }) => reason === 'REASON_RECONCILIATION');
    expect(answers.map(({ task_id }) => task_id.value).sort()).toEqual(['one', 'two']);
  });
});

describe('resources of a task', () => {
  it('return when its end is known, acknowledged or not', async () => {
    const framework = await cluster.subscribe({ acknowledge: false });
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'short')], 0);
    await framework.acknowledge(await framework.update('short', 'TASK_STARTING'));
    await framework.acknowledge(await framework.update('short', 'TASK_RUNNING'));
    await framework.update('short', 'TASK_FINISHED');
    const cpus = (found: typeof offer) =>
      (found.resources ?? []).filter(({ name }) => name === 'cpus').reduce((sum, r) => sum + (r.scalar?.value ?? 0), 0);
    const total = cpus(offer);
    await framework.until('all cores of the agent', () => {
      const later = framework.events
        .flatMap((event) => event.offers?.offers ?? [])
        .filter((fresh) => fresh.agent_id.value === offer.agent_id.value && fresh.id.value !== offer.id.value);
      return later.reduce((sum, fresh) => sum + cpus(fresh), 0) > total - 0.001;
    });
  });

  it.skipIf(isReal)(
    'an id can be used again when its end is acknowledged (a real agent needs seconds for it)',
    async () => {
      const framework = await cluster.subscribe();
      const offer = await firstOffer(framework);
      await launch(framework, [offer], [task(offer, 'reused')], 0);
      await framework.update('reused', 'TASK_FINISHED');
      framework.mark();
      const next = await firstOffer(framework);
      await launch(framework, [next], [task(next, 'reused')], 0);
      await framework.update('reused', 'TASK_FINISHED');
    },
  );
});
