import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fetchCatalog } from '../../framework/workqueue/catalog.ts';
import { Cluster } from './framework/cluster.ts';
import { Framework } from './framework/framework.ts';
import { startCatalog, startTool } from './framework/tools.ts';
import { eventsOf, Relval, until } from './relval.ts';

/** A run of one step on a catalog; it goes on until it is stopped. */
async function start(stage: string, more: string[] = [], configuration = '') {
  const relval = new Relval();
  onTestFinished(() => relval.remove());
  const catalog = await startCatalog();
  const passwordFile = join(relval.dir, 'password');
  writeFileSync(passwordFile, 'open sesame\n', { mode: 0o600 });
  writeFileSync(join(relval.dir, 'workflow.yaml'), `name: waits\nstages:\n- { name: task, command: "true"${stage} }\n`);
  writeFileSync(join(relval.dir, 'relval.yaml'), configuration);
  return { relval, catalog, passwordFile, flags: ['--password', passwordFile, ...more] };
}

async function only(relval: Relval): Promise<{ id: string; directory: string }> {
  return until('the run', 60, async () => JSON.parse((await relval.run('list', '--json')).stdout)[0]);
}

it('a step that no pool allows is told by run, status and report, in the words of the framework', async () => {
  const cluster = await Cluster.start();
  const { relval, catalog, flags, passwordFile } = await start(', resources: { gpus: 2 }');
  const framework = new Framework(cluster, '--catalog', catalog.address, '--password', passwordFile);
  framework.start();
  const { address } = (await until('its address', 60, () => framework.logged(/^serving/))) as unknown as {
    address: string;
  };
  const configuration = join(relval.dir, 'relval.yaml');
  writeFileSync(configuration, `serve: { frameworks: ["http://${address}"] }\n`);
  const run = relval.start('run', 'workflow.yaml', '--catalog', catalog.address, ...flags, '--config', configuration);
  const { id, directory } = await only(relval);
  await until('the step to wait', 60, () => eventsOf(directory).some(({ type }) => type === 'step-submitted'));
  const told = await until('the reason', 60, () => eventsOf(directory).find(({ type }) => type === 'held-up'));
  expect(told).toMatchObject({
    cause: 'waiting',
    message: expect.stringMatching(
      /^1 task of category \S+ needs .* 2 GPUs: that is more than the limit of pool default$/,
    ),
  });
  const submitted = eventsOf(directory).find(({ type }) => type === 'step-submitted');
  // A promise to the user; twice the time for a busy machine.
  expect((told?.time ?? 0) - (submitted?.time ?? 0)).toBeLessThan(10_000);
  expect((await relval.run('status', id)).stdout).toContain('2 GPUs: that is more than the limit of pool default');

  run.child.kill('SIGTERM');
  const { stderr } = await run.ended;
  expect(stderr).toContain('2 GPUs: that is more than the limit of pool default');
  expect(readFileSync(join(directory, 'report', 'index.html'), 'utf8')).toContain(
    '2 GPUs: that is more than the limit of pool default',
  );
  expect((await relval.run('report', id)).stdout).toContain('2 GPUs: that is more than the limit of pool default');
});

it('a worker with another password is told within seconds, with what to do', async () => {
  const { relval, catalog, flags } = await start('');
  const run = relval.start('run', 'workflow.yaml', '--catalog', catalog.address, ...flags);
  const { id, directory } = await only(relval);
  const wrong = join(relval.dir, 'wrong');
  writeFileSync(wrong, 'close sesame\n');
  const worker = ['-b', '1', '--cores', '1', '--memory', '2000', '--disk', '2000', '-s', relval.dir];
  startTool('work_queue_worker', [...worker, '-P', wrong, '-C', catalog.address, '-M', `relval-${id}`], relval.dir);
  const told = await until('the refusal', 60, () =>
    eventsOf(directory).find((event) => event.type === 'held-up' && event.cause === 'refused'),
  );
  expect(told).toMatchObject({
    message: expect.stringMatching(
      /^makeflow refused a worker of \S+: it has another password, or none\. .*--password/,
    ),
  });
  expect((await relval.run('status', id)).stdout).toContain('it has another password');
  run.child.kill('SIGTERM');
  await run.ended;
});

it('a run is listed within seconds by a catalog server that was down when makeflow reported to it', async () => {
  const { relval, catalog, flags } = await start('');
  catalog.process.kill('SIGKILL');
  await once(catalog.process, 'exit');
  const run = relval.start('run', 'workflow.yaml', '--catalog', catalog.address, '--no-check', ...flags);
  const { directory } = await only(relval);
  const told = await until('the reason', 60, () => eventsOf(directory).find(({ type }) => type === 'held-up'));
  expect(told).toMatchObject({
    message: `no worker can find this run: catalog ${catalog.address} refuses connections`,
  });
  await startCatalog(catalog.port);
  // Makeflow itself would report only a minute after it has started.
  await until('the run in the catalog', 30, async () => {
    const { rows } = await fetchCatalog({ ...catalog, timeoutMs: 5000 });
    return rows.some(({ project, tasksWaiting }) => project.startsWith('relval-waits-') && tasksWaiting === 1);
  });
  run.child.kill('SIGTERM');
  await run.ended;
});
