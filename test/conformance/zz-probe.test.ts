import { it } from 'vitest';
import { firstOffer, task, useCluster } from './cluster.ts';
const cluster = useCluster();
const bad: [string, any][] = [
  ['neg', [{ name: 'cpus', type: 'SCALAR', scalar: { value: -1 } }]],
  ['negalloc', [{ name: 'cpus', type: 'SCALAR', scalar: { value: -1 }, allocation_info: { role: '*' } }]],
  ['noscalar', [{ name: 'cpus', type: 'SCALAR' }]],
  ['badrole', [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 }, role: 'a b' }]],
  ['overlap', [{ name: 'ports', type: 'RANGES', ranges: { range: [{ begin: '5', end: '2' }] } }]],
];
it.each(bad)('%s', async (_, resources) => {
  const f = await cluster.subscribe();
  const o = await firstOffer(f);
  const r = await f.call('ACCEPT', { accept: { offer_ids: [o.id], operations: [
    { type: 'LAUNCH', launch: { task_infos: [task(o, 'g1'), task(o, 'bad', { resources })] } },
    { type: 'LAUNCH', launch: { task_infos: [task(o, 'g2')] } }], filters: { refuse_seconds: 0 } } });
  await new Promise((x) => setTimeout(x, 1500));
  console.log(r, f.events.filter((e) => e.update || e.offers).map((e) => e.update ? [e.update.status.task_id.value, e.update.status.state, e.update.status.reason, e.update.status.message] : ['OFFER', e.offers!.offers![0]!.id.value]));
});
