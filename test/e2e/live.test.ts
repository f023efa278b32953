import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { logSegments } from '../../validation/logs/live-log.ts';
import { makeflowFiles, startMakeflow } from '../../validation/makeflow/run.ts';
import { writeMakeflow } from '../../validation/makeflow/write.ts';
import type { LogReceiver } from '../../validation/step/log-receiver.ts';
import { masksOf } from '../../validation/step/mask.ts';
import { logsAddress } from '../../validation/step/names.ts';
import { parseResult, STEP_EXIT } from '../../validation/step/result.ts';
import { startCatalog, startWorker } from '../framework/workqueue/tools.ts';
import { makePlan, makeStage, makeStep } from '../validation/plans.ts';
import { type Live, processesIn, startLive, startWire, until } from '../validation/step/live-step.ts';
import { runStep, Scratch, type StepRun, writeSteps } from '../validation/step/sandbox.ts';

function newScratch(): Scratch {
  const scratch = new Scratch();
  onTestFinished(() => scratch.remove());
  return scratch;
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

const livePath = (scratch: Scratch, stream = 'stdout'): string =>
  join(scratch.path, 'live', 'sim0007', `${stream}.log`);

/** The payload waits at its end until all of it has arrived, as a long one would: then the live log must be whole. */
async function runUntilArrived(
  scratch: Scratch,
  live: Live,
  payload: string,
  bytes: number,
  outputLimit = 1 << 30,
): Promise<StepRun> {
  const gate = join(scratch.path, 'gate');
  const run = await runStep(scratch, `${payload}; until [ -e ${gate} ]; do sleep 0.1; done`, {
    env: live.env,
    outputLimit,
    running: async () => {
      while ((await arrived(livePath(scratch))) < bytes) await sleep(50);
      writeFileSync(gate, '');
    },
  });
  await live.finish(run.result.execution);
  return run;
}

/** Bytes of a stream that have come, however many of them were kept. */
async function arrived(path: string): Promise<number> {
  const last = (await logSegments(path)).at(-1);
  return last ? last.start + last.size : 0;
}

describe('what a step prints arrives as it is', () => {
  it.each([
    ['200 MB of lines', 'seq -f "%012.0f a line of a payload that says much" 4300000', 200e6],
    ['a line of 50 MB', 'head -c 50000000 /dev/zero | tr "\\0" x', 50e6],
    ['40 MB that are no text', 'head -c 40000000 /dev/urandom', 40e6],
  ])('%s', async (_, payload, bytes) => {
    const scratch = newScratch();
    const live = await startLive(scratch, { masks: masksOf(['a secret that is not there']) });
    const run = await runUntilArrived(scratch, live, payload, bytes);
    expect(run.result).toMatchObject({ phase: 'done', exitStatus: 0 });
    expect(await digest(livePath(scratch))).toBe(await digest(join(run.directory, 'sim0007.stdout.log')));
    expect(live.problems).toEqual([]);
  });

  it('200 MB with a receiver that keeps 10 MB and a worker that gives 20 MB back', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch, { limit: 10 << 20 });
    const run = await runUntilArrived(scratch, live, 'seq -f "%020.0f" 9500000', 9_500_000 * 21, 20 << 20);
    const text = live.read('stdout');
    expect(text).toMatch(/\n\[relval: \d{9} bytes left out here\]\n/);
    expect(text).toContain('\n00000000000000000009\n');
    expect(text.endsWith('\n00000000000009500000\n')).toBe(true);
    expect(text.length).toBeGreaterThan(10 << 20);
    expect(text.length).toBeLessThan((10 << 20) + 100);
    expect(run.stdout.endsWith('\n00000000000009500000\n')).toBe(true);
    expect(run.stdout.length).toBeLessThan((20 << 20) + 100);
  });
});

describe('a network that fails', () => {
  it('that is stalled for good costs the payload nothing, and the step little', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch);
    const wire = await startWire(live.port);
    const payload = 'for ((i = 0; i < 100; i++)); do head -c 1000000 /dev/zero; sleep 0.02; done';
    const run = await runStep(scratch, payload, {
      env: { RELVAL_LOGS: logsAddress('127.0.0.1', wire.port, live.token) },
      running: async () => {
        await until('some of it', () => wire.sent() > 1e6);
        wire.stall();
      },
    });
    const { start, end, payloadEnd, exitStatus } = run.result;
    expect(exitStatus).toBe(0);
    expect(run.stdout.length).toBeGreaterThan(100e6);
    // the wait at the end is bounded by 3 s, and the rest is the machine's; without a bound there would be no end
    expect((end as number) - (payloadEnd as number)).toBeLessThan(60_000);
    expect(end).toBeGreaterThan(start);
    await until('the end of all processes', () => processesIn(run.directory).length === 0);
  });

  const canUnshare = spawnSync('ip', ['netns', 'list']).status === 0 && process.getuid?.() === 0;

  it.skipIf(!canUnshare)('that is cut between two hosts, and mended, delays lines but loses none', async () => {
    const scratch = newScratch();
    const name = `relval${process.pid}`;
    const ip = (...args: string[]): void => {
      const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
    };
    ip('netns', 'add', name);
    onTestFinished(() => ip('netns', 'del', name));
    ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    onTestFinished(() => {
      spawnSync('ip', ['link', 'del', name]);
    });
    ip('addr', 'add', '198.18.77.1/24', 'dev', name);
    ip('link', 'set', name, 'up');
    ip('-n', name, 'addr', 'add', '198.18.77.2/24', 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
    const live = await startLive(scratch, { listen: { host: '198.18.77.1' } });
    const gate = join(scratch.path, 'gate');
    const payload = `for ((i = 0; ; i++)); do echo "line $i"; sleep 0.01; [ -e ${gate} ] && break; done; echo last; until [ -e ${gate}.end ]; do sleep 0.1; done`;
    const script = scratch.script('payload.sh', payload);
    const step = makeStep(makeStage('sim', { executable: 'payload.sh', inputs: [script] }), 7);
    const directory = await writeSteps(scratch, [step]);
    const child = spawn('ip', ['netns', 'exec', name, './relval-step.sh', 'sim.stage', 'sim0007', '7'], {
      cwd: directory,
      env: { ...process.env, RELVAL_LOGS: logsAddress('198.18.77.1', live.port, live.token) },
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until('some lines', () => live.read('stdout').includes('line 50\n'));
    ip('link', 'set', name, 'down');
    const then = live.read('stdout').length;
    await sleep(2000);
    expect(live.read('stdout').length).toBeLessThan(then + 200);
    ip('link', 'set', name, 'up');
    await until('more lines', () => live.read('stdout').length > then + 1000, 60);
    writeFileSync(gate, '');
    await until('the last line', () => live.read('stdout').endsWith('last\n'));
    writeFileSync(`${gate}.end`, '');
    expect(await ended).toBe(0);
    const { execution } = parseResult(readFileSync(join(directory, 'sim0007.result.json'), 'utf8'));
    await live.finish(execution);
    expect(live.read('stdout')).toBe(readFileSync(join(directory, 'sim0007.stdout.log'), 'latin1'));
  });
});

/** A memory limit of the kernel for what is started in it; undefined where this machine does not let us make one. */
function makeMemoryLimit(megabytes: number): { procs: string } | undefined {
  const places = [
    ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes'],
    ['/sys/fs/cgroup', 'memory.max', 'memory.swap.max'],
  ] as const;
  for (const [root, limit, swap] of places) {
    const path = join(root, `relval-test-${process.pid}`);
    try {
      mkdirSync(path);
      onTestFinished(() => rmdirSync(path));
      writeFileSync(join(path, limit), String(megabytes << 20));
      if (existsSync(join(path, swap)))
        writeFileSync(join(path, swap), swap.endsWith('max') ? '0' : `${megabytes << 20}`);
      return { procs: join(path, 'cgroup.procs') };
    } catch {
      // not allowed, or another kind of cgroups
    }
  }
  return undefined;
}

describe('a step that the kernel', () => {
  it.each([
    [
      'kills for its memory',
      "x=$(head -c 200000000 /dev/zero | tr '\\0' x)",
      'Killed by the memory limit of 64 MB',
      'SIGKILL',
    ],
    [
      'takes a child from',
      'head -c 200000000 /dev/zero | tail -c 150000000 >/dev/null || exit 4',
      'the payload ended with status 4, and the memory limit of 64 MB killed a process',
      null,
    ],
  ])('%s says so', async (_, payload, message, signal) => {
    const limit = makeMemoryLimit(64);
    if (!limit) {
      console.warn('no memory limit can be made here: it needs root and a cgroup that can be written to');
      return;
    }
    const scratch = newScratch();
    const live = await startLive(scratch);
    const script = scratch.script('payload.sh', `echo begun; sleep 0.5; ${payload}`);
    const step = makeStep(makeStage('sim', { executable: 'payload.sh', inputs: [script] }), 7);
    const directory = await writeSteps(scratch, [step]);
    const { status } = await exitOf(
      spawn('bash', ['-c', `echo $BASHPID > ${limit.procs} && exec ./relval-step.sh sim.stage sim0007 7`], {
        cwd: directory,
        env: { ...process.env, ...live.env },
        stdio: 'ignore',
      }),
    );
    expect(status).toBe(0);
    const result = parseResult(readFileSync(join(directory, 'sim0007.result.json'), 'utf8'));
    expect(result).toMatchObject({ phase: 'payload', outOfMemory: true, timedOut: false, message, signal });
    expect(result.peakMemory).toBeLessThan(80 << 20);
    await live.finish(result.execution);
    expect(live.read('stdout')).toContain('begun');
    expect(live.read('stdout')).toContain(`relval: ${message}`);
    await until('the end of all processes', () => processesIn(directory).length === 0);
  });
});

async function exitOf(child: ReturnType<typeof spawn>): Promise<{ status: number | null }> {
  return { status: await new Promise((resolve) => child.once('exit', resolve)) };
}

describe('a full disk', () => {
  const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

  it.skipIf(!canMount)('of the worker: what was printed until then has arrived', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch);
    const script = scratch.script('payload.sh', 'echo begun; sleep 1; head -c 4000000 /dev/zero || exit 1');
    const step = makeStep(makeStage('sim', { executable: 'payload.sh', inputs: [script] }), 7);
    const directory = await writeSteps(scratch, [step]);
    const commands = [
      'mount -t tmpfs -o size=2m tmpfs /mnt && cp * /mnt && cd /mnt || exit 1',
      './relval-step.sh sim.stage sim0007 7',
      'status=$?',
      'cp sim0007.result.json "$OLDPWD"; exit "$status"',
    ];
    const child = spawn('unshare', ['-m', 'bash', '-c', commands.join('\n')], {
      cwd: directory,
      env: { ...process.env, ...live.env },
      stdio: 'ignore',
    });
    expect((await exitOf(child)).status).toBe(STEP_EXIT.diskFull);
    const result = parseResult(readFileSync(join(directory, 'sim0007.result.json'), 'utf8'));
    expect(result.message).toContain("the worker's disk is full");
    expect(live.read('stdout')).toContain('begun');
  });

  it.skipIf(!canMount)('of the receiver: told, and the rest arrives when there is room again', async () => {
    const scratch = newScratch();
    const place = join(scratch.path, 'live');
    mkdirSync(place);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place]);
    expect(mounted.status).toBe(0);
    onTestFinished(() => {
      spawnSync('umount', ['-l', place]);
    });
    const live = await startLive(scratch);
    const gate = join(scratch.path, 'gate');
    const run = await runStep(scratch, `seq 300000; until [ -e ${gate} ]; do sleep 0.1; done`, {
      env: live.env,
      running: async () => {
        await until('the problem', () => live.problems.length > 0);
        spawnSync('mount', ['-o', 'remount,size=10m', place]);
        await until('the rest', () => live.read('stdout').endsWith('\n300000\n'), 40);
        writeFileSync(gate, '');
      },
    });
    expect(live.problems).toHaveLength(1);
    expect(live.problems[0]).toContain('ENOSPC');
    await live.finish(run.result.execution);
    expect(live.read('stdout')).toBe(run.stdout);
  });
});

describe('with makeflow and Work Queue', () => {
  async function startFlow(scratch: Scratch, receiver: Pick<LogReceiver, 'port'>, token: string, retries = 0) {
    const { host, port } = await startCatalog();
    const makeflow = await startMakeflow({
      directory: join(scratch.path, 'flow'),
      file: 'Makeflow.0',
      retries,
      batch: { type: 'wq', catalog: `${host}:${port}`, project: 'relval-live' },
      env: { RELVAL_LOGS: logsAddress('127.0.0.1', receiver.port, token) },
    });
    onTestFinished(async () => {
      makeflow.kill();
      await makeflow.exited;
    });
    return { makeflow, manager: { host: '127.0.0.1', port: await makeflow.port() } };
  }

  it('the address goes to steps, another one after a resume, and nothing runs twice for it', async () => {
    const scratch = newScratch();
    const [gate, count] = [join(scratch.path, 'gate'), join(scratch.path, 'count')];
    const first = makeStep(
      makeStage('first', { executable: 'f.sh', inputs: [scratch.script('f.sh', `echo x >> ${count}; echo one`)] }),
    );
    const payload = `echo two; until [ -e ${gate} ]; do sleep 0.1; done; echo three`;
    const second = makeStep(
      makeStage('second', { after: ['first'], executable: 's.sh', inputs: [scratch.script('s.sh', payload)] }),
      undefined,
      { after: ['first'] },
    );
    await writeMakeflow(makePlan([first, second]), join(scratch.path, 'flow'), undefined, { patterns: ['Killed'] });
    const one = await startLive(scratch);
    const flow = await startFlow(scratch, one, one.token);
    startWorker(flow.manager, 'test');
    await until('the second step', () => one.read('stdout', 'second').includes('two\n'), 40);
    flow.makeflow.interrupt();
    await flow.makeflow.exited;
    expect(one.admitted.map(({ step }) => step)).toEqual(['first', 'second']);
    await one.close();

    const two = await startLive(scratch, {
      admit: ({ step }) => ({ directory: join(scratch.path, 'live', `${step}-again`) }),
    });
    const again = await startFlow(scratch, two, two.token);
    startWorker(again.manager, 'test');
    await until('the second step again', () => two.read('stdout', 'second-again').includes('two\n'), 40);
    writeFileSync(gate, '');
    await again.makeflow.exited;
    expect(readFileSync(count, 'utf8')).toBe('x\n');
    expect(existsSync(join(scratch.path, 'live', 'first-again'))).toBe(false);
    const flowFile = readFileSync(join(scratch.path, 'flow', 'Makeflow.0'), 'utf8');
    expect(flowFile).not.toContain(two.token);
    expect(readFileSync(join(scratch.path, 'flow', 'second.stdout.log'), 'utf8')).toContain('three');
  });

  it('a step whose attempts are used up is refused at once, however often makeflow tries', async () => {
    const scratch = newScratch();
    const count = join(scratch.path, 'count');
    const step = makeStep(
      makeStage('sim', { environmentCommand: `echo x >> ${count}; false`, executable: 'true', retries: 1 }),
    );
    await writeMakeflow(makePlan([step]), join(scratch.path, 'flow'), undefined, { patterns: ['Killed'] });
    let admitted = 0;
    const live = await startLive(scratch, {
      admit: ({ id }) =>
        ++admitted > 2 ? { refuse: 'it has had its 2 attempts' } : { directory: join(scratch.path, 'live', id) },
    });
    const { makeflow, manager } = await startFlow(scratch, live, live.token, 4);
    startWorker(manager, 'test');
    await makeflow.exited;
    expect(readFileSync(count, 'utf8')).toBe('x\nx\n');
    expect(admitted).toBe(5);
    const result = parseResult(
      readFileSync(join(scratch.path, 'flow', 'makeflow.failed.0', 'sim.result.json'), 'utf8'),
    );
    expect(result).toMatchObject({ phase: 'refused', message: 'not run: it has had its 2 attempts' });
    const log = readFileSync(makeflowFiles(join(scratch.path, 'flow'), 'Makeflow.0').transactions, 'utf8');
    expect(log.match(/^\d+ 0 3 /gm)).toHaveLength(5);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'what a step printed is there when its worker is ended by %s, and another runs it',
    async (signal) => {
      const scratch = newScratch();
      const gate = join(scratch.path, 'gate');
      const payload = `for i in 1 2 3; do echo "line $i"; done; mkdir ${gate} && sleep 1000; echo last`;
      const step = makeStep(makeStage('sim', { executable: 'p.sh', inputs: [scratch.script('p.sh', payload)] }));
      await writeMakeflow(makePlan([step]), join(scratch.path, 'flow'), undefined, { patterns: ['Killed'] });
      let executions = 0;
      const live = await startLive(scratch, {
        admit: () => ({ directory: join(scratch.path, 'live', String(++executions)) }),
      });
      const { makeflow, manager } = await startFlow(scratch, live, live.token);
      const worker = startWorker(manager, 'first');
      await until('the lines', () => live.read('stdout', '1').includes('line 3\n'), 40);
      worker.kill(signal);
      startWorker(manager, 'second');
      await makeflow.exited;
      expect(live.read('stdout', '1')).toContain('line 3\n');
      expect(live.read('stdout', '1')).not.toContain('last');
      expect(readFileSync(join(scratch.path, 'flow', 'sim.stdout.log'), 'utf8')).toContain('last');
    },
  );
});
