import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { batchSystem } from '../../../validation/makeflow/batch.ts';
import { type FlowEvent, type FlowFollower, followFlow } from '../../../validation/makeflow/follow.ts';
import {
  type MakeflowRun,
  makeflowFiles,
  type RunningMakeflow,
  startMakeflow,
} from '../../../validation/makeflow/run.ts';
import { isComplete, isStuck } from '../../../validation/makeflow/transaction-log.ts';
import { writeMakeflow } from '../../../validation/makeflow/write.ts';
import { parseResult, type StepResult } from '../../../validation/step/result.ts';
import type { InputFile, Plan, Stage } from '../../../validation/workflow/plan.ts';
import { startCatalog, startWorker, temporaryDir } from '../../framework/workqueue/tools.ts';
import { makePlan, makeStage, makeStep } from '../plans.ts';
import { isAlive, Scratch } from '../step/sandbox.ts';

interface Flow {
  directory: string;
  log: FlowFollower;
  events: FlowEvent[];
  makeflow: RunningMakeflow;
  result: (step: string) => StepResult;
  read: (file: string) => string;
}

function newScratch(): Scratch {
  const scratch = new Scratch();
  onTestFinished(() => scratch.remove());
  return scratch;
}

/** Writes a plan and starts makeflow on it; it is killed when the test is over. */
async function start(scratch: Scratch, plan: Plan, run: Partial<MakeflowRun> = {}): Promise<Flow> {
  const directory = join(scratch.path, 'flow');
  if (!existsSync(directory)) await writeMakeflow(plan, directory, undefined, { patterns: ['Killed'], copyPause: 0 });
  const makeflow = await startMakeflow({ directory, file: 'Makeflow.0', retries: 0, batch: { type: 'local' }, ...run });
  const events: FlowEvent[] = [];
  const files = makeflowFiles(directory, 'Makeflow.0');
  const log = followFlow(
    files.transactions,
    batchSystem(run.batch ?? { type: 'local' }).jobLog(join(directory, 'Makeflow.0')),
    (more) => events.push(...more),
    (error) => {
      throw error;
    },
    { pollInterval: 50 },
  );
  onTestFinished(async () => {
    makeflow.kill();
    await makeflow.exited;
    log.close();
  });
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
  return { directory, log, events, makeflow, read, result: (step) => parseResult(read(`${step}.result.json`)) };
}

async function startQueue(scratch: Scratch, plan: Plan, run: Partial<MakeflowRun> = {}) {
  const { host, port } = await startCatalog();
  const batch = { type: 'wq', catalog: `${host}:${port}`, project: 'relval-test' } as const;
  const flow = await start(scratch, plan, { batch, ...run });
  return { ...flow, manager: { host: '127.0.0.1', port: await flow.makeflow.port() } };
}

async function end({ makeflow, log }: Flow): Promise<void> {
  await makeflow.exited;
  log.look();
}

/** What makeflow's log says of a rule. */
function statesOf({ events }: Flow, node: number): string[] {
  return events.flatMap((event) => (event.type === 'node' && event.node === node ? [event.state] : []));
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    if (waited > 60_000) throw new Error(`${what} did not happen`);
    await sleep(50);
  }
}

const AWKWARD = `a b "c" 'd' $HOME ; é`;

/** Steps that end in all the ways that a payload can end in, and one that reads what another hands on. */
function variety(scratch: Scratch): Plan {
  const show = scratch.script(
    'show.sh',
    `printf '[%s]\\n' "$@" "$NAME"; cat "${AWKWARD.replace(/[$"]/g, '\\$&')}.txt"; echo 1 2 3 > timeBins.log; touch x.root`,
  );
  const text: InputFile = {
    kind: 'sent',
    name: `${AWKWARD}.txt`,
    unpack: false,
    source: scratch.file('text', 'sent\n'),
  };
  const out = join(scratch.path, 'out');
  const sim = makeStage('sim', {
    executable: 'show.sh',
    argumentsTemplate: `#alien_counter_03i# "#alienfilename#" $(( 40 + 2 )) $HERE`,
    environment: [
      ['HERE', 'x y'],
      ['NAME', '$(basename /a/b) #alienfilename/ /_/#'],
    ],
    inputs: [show, text],
    outputs: [{ archive: 'all.zip', patterns: ['*.root', 'std*'] }],
    outputDirTemplate: `${out}/#alien_counter_04i#`,
    handsOn: ['timeBins.log'],
  });
  const ends = (name: string, payload: string, changes: Partial<Stage> = {}) =>
    makeStep(
      makeStage(name, { executable: `${name}.sh`, inputs: [scratch.script(`${name}.sh`, payload)], ...changes }),
    );
  const steps = [
    makeStep(sim, 1, { inputFile: `/data/${AWKWARD}` }),
    makeStep(sim, 2, { inputFile: `root://host//data/other` }),
    ends('fails', 'echo bad; exit 3'),
    ends('dies', 'kill -SEGV $$'),
    ends('lasts', 'sleep 100', { resources: { cores: 1, memory: 100, disk: 100, wallTime: 1 } }),
  ];
  const made: InputFile[] = [{ kind: 'made', name: 'bins.txt', unpack: false, step: 'sim0001', file: 'timeBins.log' }];
  const last = makeStage('last', {
    after: ['sim', 'fails', 'dies', 'lasts'],
    executable: 'cat',
    argumentsTemplate: 'bins.txt',
    inputs: made,
  });
  return makePlan([...steps, makeStep(last, undefined, { after: steps.map(({ id }) => id) })]);
}

function expectVariety({ result, read, log }: Flow, scratch: Scratch): void {
  expect(isComplete(log.flow)).toBe(true);
  expect(log.flow.counts).toMatchObject({ complete: 6, total: 6 });
  expect(read('sim0001.stdout.log')).toContain(
    `[001]\n[${AWKWARD}]\n[42]\n[x]\n[y]\n[b ${AWKWARD.replaceAll(' ', '_')}]\nsent\n`,
  );
  expect(result('sim0001')).toMatchObject({ phase: 'done', exitStatus: 0, cores: 1 });
  for (const index of ['0001', '0002']) {
    expect(readdirSync(join(scratch.path, 'out', index)).sort()).toEqual(['all.zip', 'validation_report.txt']);
  }
  expect(result('fails')).toMatchObject({ phase: 'payload', exitStatus: 3 });
  expect(result('dies')).toMatchObject({ phase: 'payload', signal: 'SIGSEGV' });
  expect(result('lasts')).toMatchObject({ phase: 'payload', timedOut: true });
  expect(read('lasts.validation_report.txt')).toContain('Killed');
  expect(read('last.stdout.log')).toContain('1 2 3');
}

describe('makeflow by itself', () => {
  it('runs what was written, payload failures and all', async () => {
    const scratch = newScratch();
    const flow = await start(scratch, variety(scratch));
    await end(flow);
    expectVariety(flow, scratch);
    expect(readdirSync(flow.directory).filter((name) => name.endsWith('.work'))).toEqual([]);
  });
});

describe('makeflow with Work Queue', () => {
  it('runs the same on a worker, which needs nothing but what is sent', async () => {
    const scratch = newScratch();
    const flow = await startQueue(scratch, variety(scratch));
    startWorker(flow.manager, 'test');
    await end(flow);
    expectVariety(flow, scratch);
    expect(flow.result('sim0001').worker).toMatch(/worker-\d+-\d+$/);
    const jobs = flow.events.flatMap((event) => (event.type === 'task-running' ? [event.jobId] : []));
    expect(jobs.sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('tries a step whose input is missing again, then gives it up and stands still', async () => {
    const scratch = newScratch();
    const input: InputFile = { kind: 'worker', name: 'x', unpack: false, path: join(scratch.path, 'nowhere') };
    const broken = makeStep(makeStage('broken', { inputs: [input] }));
    const behind = makeStep(makeStage('behind', { after: ['broken'] }), undefined, { after: ['broken'] });
    const flow = await startQueue(scratch, makePlan([broken, behind]), { retries: 2 });
    startWorker(flow.manager, 'test');
    await until(() => isStuck(flow.log.flow, Date.now()), 'standing still');
    flow.makeflow.interrupt();
    await end(flow);
    expect(flow.log.flow.ended).toBe('aborted');
    expect(statesOf(flow, 0)).toEqual([
      'running',
      'failed',
      'waiting',
      ...['running', 'failed', 'waiting'],
      'running',
      'failed',
    ]);
    const kept = join(flow.directory, 'makeflow.failed.0');
    expect(parseResult(readFileSync(join(kept, 'broken.result.json'), 'utf8'))).toMatchObject({ phase: 'input' });
    for (const file of ['stdout.log', 'stderr.log', 'logs', 'validation_report.txt']) {
      expect(existsSync(join(kept, `broken.${file}`))).toBe(true);
    }
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'gives a step to another worker when its own is ended by %s',
    async (signal) => {
      const scratch = newScratch();
      const count = join(scratch.path, 'count');
      const payload = `echo $$ >> ${count}; [ "$(wc -l < ${count})" -gt 1 ] || sleep 200; echo second`;
      const step = makeStep(makeStage('sim', { executable: 'p.sh', inputs: [scratch.script('p.sh', payload)] }));
      const flow = await startQueue(scratch, makePlan([step]));
      const worker = startWorker(flow.manager, 'first');
      const started = (): number[] =>
        existsSync(count) ? readFileSync(count, 'utf8').trim().split('\n').map(Number) : [];
      await until(() => started().length === 1, 'the payload');
      worker.kill(signal);
      // As an agent does after its grace period. A worker puts a task into a process group of its own only behind the fork:
      // where the task is quicker, which is seldom, SIGTERM does not end it, and the worker waits for it.
      const grace = setTimeout(() => worker.kill('SIGKILL'), 3000);
      onTestFinished(() => clearTimeout(grace));
      startWorker(flow.manager, 'second');
      await end(flow);
      expect(flow.result('sim')).toMatchObject({ phase: 'done', exitStatus: 0 });
      expect(flow.read('sim.stdout.log')).toContain('second');
      expect(statesOf(flow, 0)).toEqual(['running', 'complete']);
      expect(flow.events.filter(({ type }) => type === 'task-running')).toHaveLength(2);
      await until(() => !isAlive(started()[0] as number), 'the end of the first payload');
    },
  );

  it('lets in only workers that know the password', async () => {
    const scratch = newScratch();
    const passwordFile = scratch.file('password', 'secret\n');
    const { manager, ...flow } = await startQueue(scratch, makePlan([makeStep(makeStage('sim'))]), {
      batch: { type: 'wq', catalog: `127.0.0.1:${(await startCatalog()).port}`, project: 'p', passwordFile },
    });
    const args = ['--single-shot', '-t', '30', '--cores', '1', '--memory', '200', '--disk', '200', '-P', passwordFile];
    const worker = spawn('work_queue_worker', [...args, '-s', temporaryDir(), manager.host, String(manager.port)], {
      stdio: 'ignore',
    });
    onTestFinished(() => {
      worker.kill('SIGKILL');
    });
    await end(flow);
    expect(flow.result('sim').phase).toBe('done');
  });

  it('is interrupted and resumed without doing anything twice', async () => {
    const scratch = newScratch();
    const count = join(scratch.path, 'count');
    const gate = join(scratch.path, 'gate');
    const first = makeStep(
      makeStage('first', { executable: 'f.sh', inputs: [scratch.script('f.sh', `echo x >> ${count}`)] }),
    );
    const payload = `touch ${gate}.waiting; until [ -e ${gate} ]; do sleep 0.1; done`;
    const second = makeStep(
      makeStage('second', { after: ['first'], executable: 's.sh', inputs: [scratch.script('s.sh', payload)] }),
      undefined,
      { after: ['first'] },
    );
    const plan = makePlan([first, second]);
    const flow = await startQueue(scratch, plan);
    startWorker(flow.manager, 'test');
    await until(() => existsSync(`${gate}.waiting`), 'the second step');
    flow.makeflow.interrupt();
    await end(flow);
    expect(statesOf(flow, 1).at(-1)).toBe('aborted');
    writeFileSync(gate, '');
    const again = await startQueue(scratch, plan);
    startWorker(again.manager, 'test');
    await end(again);
    expect(isComplete(again.log.flow)).toBe(true);
    expect(again.events.filter(({ type }) => type === 'started')).toHaveLength(2);
    expect(readFileSync(count, 'utf8')).toBe('x\n');
    expect(statSync(makeflowFiles(flow.directory, 'Makeflow.0').stdout).size).toBeGreaterThan(0);
  });

  it('says why when it ends before it listens', async () => {
    const scratch = newScratch();
    const directory = join(scratch.path, 'flow');
    await writeMakeflow(makePlan([makeStep(makeStage('a'))]), directory, undefined, { patterns: [] });
    appendFileSync(join(directory, 'Makeflow.0'), '\nthis is: no $makeflow\n');
    const makeflow = await startMakeflow({
      directory,
      file: 'Makeflow.0',
      retries: 0,
      batch: { type: 'wq', catalog: '127.0.0.1:1', project: 'p' },
    });
    await expect(makeflow.port()).rejects.toThrow(/makeflow ended before it listened for workers: .+/);
  });

  it('says what to install when it is not there', async () => {
    const scratch = newScratch();
    const run = {
      directory: scratch.path,
      file: 'Makeflow.0',
      retries: 0,
      batch: { type: 'local' },
      env: { PATH: '/nowhere' },
    } as const;
    await expect(startMakeflow(run)).rejects.toThrow('Install the package coop-computing-tools');
  });
});
