import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeMakeflow } from '../../validation/makeflow/write.ts';
import type { Report } from '../../validation/report/model.ts';
import { executeRun } from '../../validation/runs/execution/execute.ts';
import { stepTokens } from '../../validation/runs/execution/step-key.ts';
import { startLogStreams } from '../../validation/runs/execution/streams.ts';
import { startLocalCluster } from '../../validation/runs/local/local.ts';
import { openManagerPort } from '../../validation/runs/local/manager-port.ts';
import { localOffer } from '../../validation/runs/local/offer.ts';
import { RunJournal } from '../../validation/runs/store/journal.ts';
import { thisProcess } from '../../validation/runs/store/record.ts';
import { RunDir } from '../../validation/runs/store/store.ts';
import { parseResult } from '../../validation/step/result.ts';
import { planWorkflow } from '../../validation/workflow/planner.ts';
import { runStep, Scratch } from '../validation/step/sandbox.ts';
import { Relval, ROOT, until } from './relval.ts';
import { XrootdServer } from './xrootd-server.ts';

const RECO = join(ROOT, 'makeflows', 'examples', 'reco', 'reco.jdl');
const RAW = ["29000329001023.it's 103.root"];

const resolver = process.env.RES_OPTIONS;
beforeAll(() => {
  // The client looks up the names of this machine's addresses: where no name server answers, do not wait 5 s for each.
  process.env.RES_OPTIONS = 'timeout:1 attempts:1';
});
afterAll(() => {
  if (resolver === undefined) delete process.env.RES_OPTIONS;
  else process.env.RES_OPTIONS = resolver;
});

let server: XrootdServer;
let relval: Relval;
beforeEach(async () => {
  server = new XrootdServer();
  await server.start();
  relval = new Relval();
});
afterEach(async () => {
  relval.remove();
  await server.remove();
});

describe('a run with its inputs and outputs on an XRootD server', () => {
  it('passes, with every output whole, and is gone on with where what it needs is there', async () => {
    mkdirSync(join(server.data, 'raw'));
    for (const name of RAW) cpSync(join(dirname(RECO), name), join(server.data, 'raw', name));
    writeFileSync(join(relval.dir, 'files.txt'), RAW.map((name) => `${server.url('raw')}/${name}\n`).join(''));
    const args = [
      RECO,
      '--local',
      ...['--stop-at', 'cpass1'],
      ...['--set', 'InputDataCollection=files.txt', '--set', 'CopyNumJobs=3', '--set', 'TIME_BIN_SECONDS=600'],
      ...['--set', `OutputDir=${server.url('out')}/cpass0_pass1/#alienfilename/.root//#`],
      ...['--set', `SplitArguments_replace={"^#alienfilename#", "${server.url('raw')}/#alienfilename#"}`],
    ];
    const { code, stdout, stderr } = await relval.run('run', ...args);
    expect(code, stdout + stderr).toBe(0);
    const { directory } = await relval.onlyRun();
    const steps = readdirSync(join(directory, 'steps'));
    expect(steps).toHaveLength(7);
    let checked = 0;
    for (const step of steps) {
      const result = parseResult(readFileSync(join(directory, 'steps', step, '1', 'result.json'), 'utf8'));
      expect(result.outputDir.startsWith(server.url('out')), step).toBe(true);
      for (const { name, size } of result.outputs) {
        const path = join(server.data, result.outputDir.slice(server.url('').length), name);
        expect(statSync(path).size, path).toBe(size);
        checked++;
      }
    }
    expect(checked).toBeGreaterThan(40);

    const part = (stage: string) => relval.run('run', ...args, '--start-at', stage, '--dry-run');
    expect(await part('cpass1')).toMatchObject({ code: 0 });
    rmSync(join(server.data, 'out', 'cpass0_pass1', 'OCDB', 'OCDB.tar.bz2'));
    const refused = await part('cpass0SpBins');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`  cpass0Merge: ${server.url('out')}/cpass0_pass1/OCDB/OCDB.tar.bz2\n`);
    await server.kill();
    const unknown = await part('cpass1');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/root:\/\/127\.0\.0\.1:\d+\/\/out\S* cannot be listed: .*error/i);
  });

  it('has its parameters behind the address of each file, also of what later stages read and of what is checked', async () => {
    const parameters = '?xrd.wantprot=unix&svcClass=a/b';
    const file = join(relval.dir, 'w.yaml');
    writeFileSync(
      file,
      `name: w
jdl: { CopyTimeout: 20 }
defaults: { retries: 0, resources: { disk: 10 MB, memory: 50 MB } }
stages:
  - { name: sim, each: { jobs: 1-2 }, command: 'echo $RELVAL_INDEX >res.root', outputs: [res.root, 'l.zip:*.log'], expects: [res.root], outputDir: '${server.url('out')}/#alien_counter#${parameters}' }
  - { name: merge, after: [sim], inputs: ['{{outputDir sim}}/res.root', { collection: c.txt, of: sim, file: res.root }], command: 'cat res.root; cat c.txt', outputs: [std*], outputDir: '{{above sim}}/merged' }
`,
    );
    const ended = await relval.run('run', file, '--local', '--no-check');
    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    const out = join(server.data, 'out');
    expect(readdirSync(out).sort()).toEqual(['1', '2', 'merged']);
    for (const job of ['1', '2']) {
      expect(readdirSync(join(out, job)).sort()).toEqual(['l.zip', 'res.root', 'validation_report.txt']);
      expect(readFileSync(join(out, job, 'res.root'), 'utf8')).toBe(`${job}\n`);
    }
    const said = readFileSync(join(out, 'merged', 'stdout.log'), 'utf8');
    for (const job of ['1', '2']) expect(said).toContain(`${server.url('out')}/${job}/res.root${parameters}\n`);
    const part = () => relval.run('run', file, '--local', '--start-at', 'merge', '--dry-run');
    expect(await part()).toMatchObject({ code: 0 });
    rmSync(join(out, '2', 'res.root'));
    expect((await part()).stderr).toContain(`  sim0002: ${server.url('out')}/2/res.root${parameters}\n`);
  });

  it('is broken where the server is down, or has not the file: the report says which and why', async () => {
    const down = await brokenRun(server.url('raw/x.root'), async () => server.kill());
    expect(down.reason).toMatch(/input x\.root from root:\/\/127\.0\.0\.1:\d+\/\/raw\/x\.root: .*(error|not done)/i);
    await server.start();
    const wrong = await brokenRun(server.url('nowhere/x.root'), async () => {});
    expect(wrong.reason).toMatch(/input x\.root from root:\S*\/\/nowhere\/x\.root: .*no such file/i);
  });

  it('takes up a transfer again that a crash of the server has cut off', async () => {
    const scratch = new Scratch();
    try {
      const bytes = 300_000_000;
      const target = join(server.data, 'out', 'big.root');
      const run = await runStep(scratch, `head -c ${bytes} /dev/zero >big.root`, {
        stage: { outputs: [{ patterns: ['big.root'] }], outputDirTemplate: server.url('out'), copyTimeout: 60 },
        copyPause: 1,
        // What the client waits for the server to come back; the transfer itself may take long.
        env: { XRD_CONNECTIONWINDOW: '3', XRD_STREAMERRORWINDOW: '3', XRD_REQUESTTIMEOUT: '30' },
        running: async () => {
          await until('the transfer', 30, () => (existsSync(target) && statSync(target).size > 0) || undefined);
          await server.kill();
          const cut = statSync(target).size;
          expect(cut).toBeLessThan(bytes);
          await sleep(200);
          await server.start();
        },
      });
      expect(run.result.message).toBe('');
      expect(run.result.outputs).toContainEqual({ name: 'big.root', size: bytes });
      expect(statSync(target).size).toBe(bytes);
    } finally {
      scratch.remove();
    }
  });
});

/** Runs a workflow of one step with this input, its five attempts without the pauses between them. */
async function brokenRun(input: string, before: () => Promise<void>): Promise<Report> {
  const file = join(relval.dir, 'workflow.yaml');
  writeFileSync(
    file,
    `name: fetch
jdl: { CopyTimeout: 2 }
stages:
  - { name: fetch, command: 'cat ${basename(input)}', inputs: ['${input}'], retries: 0 }
`,
  );
  const directory = join(relval.dir, `run-${Date.now()}`);
  mkdirSync(directory);
  const run = new RunDir(directory);
  const plan = planWorkflow(file, { outputBase: run.path });
  await writeMakeflow(plan, run.work, 0, { patterns: [], copyPause: 0 });
  await before();
  const journal = new RunJournal(run, {
    schema: 'relval-run-1',
    id: basename(directory),
    name: 'fetch',
    workflow: plan.workflow,
    request: { input: file, set: [], setAppend: [], lenient: false, local: true },
    state: 'preparing',
    process: thisProcess(),
    project: `relval-${basename(directory)}`,
    created: Date.now(),
    totals: { steps: 1, succeeded: 0, failed: 0, broken: 0, running: 0 },
  });
  const { project } = journal.record;
  const streams = await startLogStreams({ local: true, tokens: stepTokens(run), secrets: [], limit: 1 << 20 });
  const place = await openManagerPort();
  const cluster = await startLocalCluster(join(directory, 'local'), project, localOffer({}, directory), place);
  try {
    const report = await executeRun({
      journal,
      plan,
      streams,
      secrets: {},
      replan: () => plan,
      batch: cluster.batch,
      signal: new AbortController().signal,
      stoppedBy: () => '',
    });
    expect(report.verdict).toBe('broken');
    const log = readFileSync(join(run.attemptDir('fetch', 1), 'logs', 'relval-step.log'), 'utf8');
    expect(log.match(/root:.*attempt \d$/gm)).toHaveLength(5);
    return report;
  } finally {
    await cluster.stop();
    await streams.close();
  }
}
