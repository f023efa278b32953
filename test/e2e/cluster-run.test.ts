import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Cluster as ClusterView } from '../../validation/server/api.ts';
import { Cluster } from './framework/cluster.ts';
import { Framework } from './framework/framework.ts';
import { startCatalog } from './framework/tools.ts';
import { eventsOf, Relval, until } from './relval.ts';

/** Runs on a cluster: no part of it is a child of `relval run`. With $MESOS_MASTER (`host:port`) on a real one. */
const REAL_MASTER = process.env.MESOS_MASTER;

it('a run on a cluster gets its workers from the framework, its log comes live, and the page shows both', async () => {
  const relval = new Relval();
  onTestFinished(() => relval.remove());
  const cluster = REAL_MASTER ? ({ address: REAL_MASTER } as Cluster) : await Cluster.start();
  const catalog = await startCatalog();
  // Agents of a real cluster do not have our file.
  const passwordFile = join(relval.dir, 'password');
  writeFileSync(passwordFile, 'open sesame\n', { mode: 0o600 });
  const password = REAL_MASTER ? [] : ['--password', passwordFile];
  const framework = new Framework(cluster, '--catalog', catalog.address, ...password);
  framework.start();
  await framework.subscribed();

  const gate = join(relval.dir, 'gate');
  const task = `#!/bin/bash\necho "begins in $MESOS_SANDBOX"\nuntil [ -e '${gate}' ]; do sleep 0.1; done\necho ends\n`;
  writeFileSync(join(relval.dir, 'task.sh'), task, { mode: 0o755 });
  const workflow = join(relval.dir, 'workflow.yaml');
  writeFileSync(workflow, 'name: remote\nstages: [{ name: task, executable: task.sh, inputs: [task.sh] }]\n');
  const { ended } = relval.start('run', workflow, '--catalog', catalog.address, ...password);

  const run = await until('the step to run', 60, async () => {
    const [only] = JSON.parse((await relval.run('list', '--json')).stdout);
    return only && eventsOf(only.directory).some(({ type }) => type === 'step-running') ? only : undefined;
  });
  const follower = relval.start('logs', run.id, 'task', '--follow');
  let said = '';
  follower.child.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  await until('its first line', 30, () => /^begins in \/./m.test(said));

  const { address } = framework.logged(/^serving/) as unknown as { address: string };
  const page = relval.start('serve', '--listen', '127.0.0.1:0', '--framework', `http://${address}`);
  let greeting = '';
  page.child.stdout?.on('data', (chunk) => {
    greeting += chunk;
  });
  const url = await until('the page', 30, () => /http:\/\/\S+/.exec(greeting)?.[0]);
  const shown = await until('the page to show the worker at work', 30, async () => {
    const { frameworks } = (await (await fetch(new URL('/api/v1/cluster', url))).json()) as ClusterView;
    const [only] = frameworks;
    const state = only?.reachable ? only.state : undefined;
    return JSON.stringify(state ?? '').includes('"tasksRunning":1') ? state : undefined;
  });
  expect(shown).toMatchObject({
    subscribed: true,
    projects: [{ project: `relval-${run.id}`, tasks: { onWorkers: 1 } }],
  });
  page.child.kill('SIGTERM');
  await page.ended;

  expect(existsSync(join(run.directory, 'local'))).toBe(false);
  writeFileSync(gate, '');
  const { code, stdout, stderr } = await ended;
  expect(code, stdout + stderr).toBe(0);
  expect(await follower.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^begins in [\s\S]*^ends$/m) });
  expect(/no password/.test(stderr)).toBe(REAL_MASTER !== undefined);
  await framework.is('the workers to be given back', ({ workers }) => workers.length === 0);
});
