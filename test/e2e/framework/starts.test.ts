import { expect, it } from 'vitest';
import { Cluster, ONE_AGENT } from './cluster.ts';
import { Framework } from './framework.ts';
import { Flow, startCatalog } from './tools.ts';

it('an agent that starts executors slowly gets fewer and larger workers, and the framework says why', async () => {
  const catalog = await startCatalog();
  const cluster = await Cluster.start({ agents: ONE_AGENT, timings: { executorStart: 250 } });
  const framework = new Framework(cluster, '--catalog', catalog.address, '--granularity', 'auto');
  const { log } = framework.start();
  const flow = await Flow.start(catalog, 'many', { stages: [24] });
  const { workers, counters } = await framework.is(
    'all tasks on workers',
    ({ projects }) => projects[0]?.tasks.onWorkers === 24,
  );
  expect(workers.reduce((sum, { shape }) => sum + shape.cores, 0)).toBe(24);
  expect(counters.launches).toBeLessThan(12);
  expect((await framework.read('why', 'many')).stdout).toMatch(/larger, in the place of \d+ small ones .* a second/);
  expect(log.find(({ together }) => together !== undefined)?.together).toMatchObject({
    seen: false,
    startsPerSecond: 4,
  });
  const { startRates } = await framework.state();
  for (const { perSecond } of Object.values(startRates)) expect(perSecond).toBeLessThan(8);
  await flow.toEnd();
  expect(flow.done).toBe(24);
});
