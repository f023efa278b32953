import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { askManager } from '../../../framework/workqueue/manager.ts';
import { Cluster } from './cluster.ts';
import { Framework } from './framework.ts';
import { Flow, startCatalog } from './tools.ts';

it('tasks of three cores and of one core share a worker of four where their manager lets them', async () => {
  const catalog = await startCatalog();
  const cluster = await Cluster.start();
  const framework = new Framework(cluster, '--catalog', catalog.address, '--config', 'pools.yaml');
  writeFileSync(join(framework.stateDir, 'pools.yaml'), 'pools: [{name: four, cores: 4}]\n');
  framework.start();
  const flow = await Flow.start(catalog, 'mixed', { stages: [2], resources: [{ cores: 3 }, { cores: 1 }] });
  const patience = { connectMs: 5000, silentMs: 5000, onSilent: () => {} };
  const { records } = await askManager(flow.manager, 'queue_status', patience);
  const { protocol } = records[0] as Record<string, unknown>;
  await framework.is('both tasks on workers', ({ projects }) => projects[0]?.tasks.onWorkers === 2);
  // No further one is launched either.
  await sleep(1000);
  const { counters } = await framework.state();
  // Protocol 9 gives a task the cores that it asks for. Later ones give a task of three cores all four.
  expect(counters.launches, `protocol ${protocol}`).toBe(protocol === undefined || Number(protocol) < 11 ? 1 : 2);
  await flow.toEnd();
});
