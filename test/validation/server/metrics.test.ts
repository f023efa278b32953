import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Driver } from '../../../framework/driver.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import { type OpsServer, serveOps } from '../../../framework/ops/server.ts';
import { defaultPool } from '../../../framework/scheduler/state/pool.ts';
import { workQueue } from '../../../framework/workqueue/watcher.ts';
import { WORK_QUEUE_WORKER } from '../../../framework/workqueue/worker.ts';
import type { Cluster } from '../../../validation/server/api.ts';
import { endedRun, finding, makeRun, ran } from './sample-runs.ts';
import { Serving } from './serving.ts';

const DASHBOARD = join(import.meta.dirname, '../../../docker/grafana/release-validation.json');
/** Words of an expression that are not metrics. */
const WORDS = /\b(by|max|min|sum|rate|time|le|histogram_quantile|label_values)\b/;

const silent = () => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

let serving: Serving;
let stateDir: string;
let driver: Driver;
let framework: OpsServer;
beforeEach(async () => {
  serving = new Serving();
  stateDir = mkdtempSync(join(tmpdir(), 'metrics-test-'));
  driver = new Driver({
    pools: [defaultPool(WORK_QUEUE_WORKER)],
    info: { user: 'tester', name: 'test' },
    connection: { locate: parseMaster('127.0.0.1:1', { log }) },
    sources: [workQueue({ catalogs: [], managers: [] })],
    stateDir,
    log,
    onFatal: silent,
  });
  framework = await serveOps(driver, '127.0.0.1', 0);
});
afterEach(async () => {
  await framework.close();
  await driver.stop({ teardown: false });
  rmSync(stateDir, { recursive: true, force: true });
  await serving.close();
});

describe('metrics of runs', () => {
  it('have the result of the last run of each workflow, and the progress of active runs', async () => {
    const reference = { run: 'x', start: 1, runs: [] };
    const old = { created: Date.parse('2029-06-01T00:00:00Z') };
    await endedRun(serving.runs, 'old', 'passed', [], old);
    await endedRun(serving.runs, 'new', 'failed', [finding('boom', { age: 'new' })], {}, { reference });
    const { journal } = makeRun(serving.runs, 'live', { workflow: 'reco', name: 'night"ly\\' });
    journal.add({ type: 'planned', phase: 0, steps: [1, 2, 3].map((n) => ({ id: `rec${n}`, stage: 'rec' })) });
    ran(journal, 'rec1');
    journal.update({});
    await serving.start();
    const text = await (await serving.get('/metrics')).text();
    for (const line of [
      'relval_runs{workflow="mc",name="gpmc",status="passed"} 1',
      'relval_runs{workflow="mc",name="gpmc",status="failed"} 1',
      'relval_last_run_verdict{workflow="mc",name="gpmc",verdict="failed"} 1',
      'relval_last_run_verdict{workflow="mc",name="gpmc",verdict="passed"} 0',
      'relval_last_run_findings{workflow="mc",name="gpmc",kind="new"} 1',
      'relval_steps{workflow="reco",name="night\\"ly\\\\",state="waiting"} 2',
      'relval_steps{workflow="reco",name="night\\"ly\\\\",state="succeeded"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('are, with those of the framework, the metrics of the Grafana dashboard', async () => {
    await serving.start();
    await serving.get('/api/v1/runs');
    const texts = [await serving.get('/metrics'), await fetch(`http://${framework.address}/metrics`)];
    const exported = new Set<string>();
    for (const text of await Promise.all(texts.map((answer) => answer.text()))) {
      for (const [, name = '', kind] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
        exported.add(name);
        if (kind === 'histogram') for (const end of ['_bucket', '_sum', '_count']) exported.add(`${name}${end}`);
      }
    }
    const dashboard = readFileSync(DASHBOARD, 'utf8');
    const asked = [...dashboard.matchAll(/"(?:expr|query)": "((?:[^"\\]|\\.)*)"/g)].map(
      ([, text = '']) => JSON.parse(`"${text}"`) as string,
    );
    const names = asked.flatMap(
      (text) => text.replace(/\{[^}]*\}|\[[^\]]*\]|\bby \([^)]*\)/g, '').match(/\b[a-z]+(_[a-z]+)+\b/g) ?? [],
    );
    const metrics = new Set(names.filter((name) => !WORDS.test(name)));
    expect(metrics.size).toBeGreaterThan(15);
    expect([...metrics].filter((name) => !exported.has(name))).toEqual([]);
    const unused = [...exported].filter(
      (name) => /^(relval|workqueue)_.*(?<!_sum|_count)$/.test(name) && !dashboard.includes(name),
    );
    expect(unused).toEqual([]);
  });
});

describe('the cluster', () => {
  it('is the state of each framework, and names the framework that does not answer', async () => {
    await serving.start({ frameworks: [`http://${framework.address}`, 'http://127.0.0.1:1'] });
    const { frameworks } = await serving.api<Cluster>('cluster');
    expect(frameworks).toMatchObject([
      { reachable: true, state: { subscribed: false, pools: [{ name: 'default' }] } },
      { reachable: false, error: expect.stringContaining('ECONNREFUSED') },
    ]);
  });
});
