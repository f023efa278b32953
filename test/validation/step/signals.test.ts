import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parseResult, STEP_EXIT, type StepResult } from '../../../validation/step/result.ts';
import { makeStage, makeStep } from '../plans.ts';
import { processesIn } from './live-step.ts';
import { isAlive, runStep, Scratch, writeSteps } from './sandbox.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

/** Waits until a condition holds; fails after a minute. */
async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    if (waited > 60_000) throw new Error('it did not happen');
    await sleep(50);
  }
}

/** A payload that tells the pids of itself and of a child, and never ends by itself. */
const ENDLESS = 'trap "" TERM; echo so far > rec.log; sleep 322 & echo "$$ $!"; while :; do wait; done';

async function pidsOf(directory: string): Promise<number[]> {
  const log = join(directory, 'sim0007.stdout.log');
  await until(() => existsSync(log) && /^\d+ \d+$/m.test(readFileSync(log, 'utf8')));
  const [line = ''] = /^\d+ \d+$/m.exec(readFileSync(log, 'utf8')) ?? [];
  return line.split(' ').map(Number);
}

it('a step whose first command is killed has failed, so that it is tried again', async () => {
  const directory = await writeSteps(scratch, [makeStep(makeStage('sim'), 7)]);
  scratch.script('install', 'kill -KILL $$');
  const { status } = spawnSync('bash', ['./relval-step.sh', 'sim.stage', 'sim0007', '7'], {
    cwd: directory,
    env: { PATH: `${scratch.path}:${process.env.PATH}` },
  });
  expect(status).toBe(STEP_EXIT.usage);
});

describe('a step that is ended from outside', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const)('by %s leaves its logs and says so', async (signal) => {
    let pids: number[] = [];
    const run = await runStep(scratch, ENDLESS, {
      running: async (child, directory) => {
        pids = await pidsOf(directory);
        child.kill(signal);
      },
    });
    expect(run.status).toBeGreaterThan(128);
    expect(run.result).toMatchObject({ phase: 'payload', interrupted: true, signal, exitStatus: null });
    expect(run.result.end).not.toBeNull();
    expect(run.stdout).toContain(pids.join(' '));
    expect(run.read('logs')).toContain('so far');
    await until(() => !pids.some(isAlive));
  });

  it('while it waits for an input ends at once', async () => {
    const run = await runStep(scratch, '', {
      stage: { inputs: [{ kind: 'worker', name: 'x', unpack: false, path: '/nowhere/x' }] },
      copyPause: 300,
      running: async (child, directory) => {
        await until(() => existsSync(join(directory, 'sim0007.work/own/relval-step.log')));
        child.kill();
      },
    });
    expect(run.result).toMatchObject({ phase: 'input', interrupted: true, signal: 'SIGTERM' });
    expect(run.read('logs')).not.toContain('attempt 2');
  });

  it.each([
    ['only its shell', (pid: number) => process.kill(pid, 'SIGKILL')],
    ['its process group, as Work Queue does', (pid: number) => process.kill(-pid, 'SIGKILL')],
  ])('by SIGKILL to %s leaves no payload behind, and a result that has no end', async (_, kill) => {
    let pids: number[] = [];
    const run = await runStep(scratch, ENDLESS, {
      running: async (child, directory) => {
        pids = await pidsOf(directory);
        expect(pids.every(isAlive)).toBe(true);
        kill(child.pid as number);
      },
    });
    expect(run.result).toMatchObject({ phase: 'payload', end: null, exitStatus: null });
    await until(() => !pids.some(isAlive));
  });

  it('by SIGKILL leaves no daemon of the payload behind, although its files are removed', async () => {
    const script = scratch.script('payload.sh', 'setsid sleep 322 & echo "$$ $!"; wait');
    const step = makeStep(makeStage('sim', { executable: 'payload.sh', inputs: [script] }), 7);
    const directory = await writeSteps(scratch, [step]);
    const child = spawn('./relval-step.sh', ['sim.stage', 'sim0007', '7'], { cwd: directory, stdio: 'ignore' });
    const pids = await pidsOf(directory);
    onTestFinished(() => {
      for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGKILL');
    });
    expect(pids.every(isAlive)).toBe(true);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    child.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
  });

  it('because its worker is gone ends by itself', async () => {
    const script = scratch.script('payload.sh', ENDLESS);
    const step = makeStep(makeStage('sim', { executable: 'payload.sh', inputs: [script] }), 7);
    const directory = await writeSteps(scratch, [step]);
    const worker = spawn('bash', ['-c', './relval-step.sh sim.stage sim0007 7 & wait'], {
      cwd: directory,
      detached: true,
      stdio: 'ignore',
    });
    const pids = await pidsOf(directory);
    worker.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
    const result = (): ReturnType<typeof parseResult> =>
      parseResult(readFileSync(join(directory, 'sim0007.result.json'), 'utf8'));
    await until(() => result().end !== null);
    expect(result()).toMatchObject({ interrupted: true, signal: 'SIGTERM' });
    await until(() => !existsSync(join(directory, 'sim0007.work')));
  });

  it('does not keep its worker’s connection open', async () => {
    const script = scratch.script('payload.sh', ENDLESS);
    const step = makeStep(makeStage('sim', { executable: 'payload.sh', inputs: [script] }), 7);
    const directory = await writeSteps(scratch, [step]);
    const child = spawn('./relval-step.sh', ['sim.stage', 'sim0007', '7'], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    await Promise.all([3, 4].map((fd) => once((child.stdio[fd] as Readable).resume(), 'close')));
    await pidsOf(directory);
    expect(child.exitCode).toBeNull();
    child.kill();
    await once(child, 'exit');
  });
});

describe('a step that waits for the answer of a silent receiver', () => {
  /** Calls `act` with the step's parent and the step once it has asked, and gives the step's directory. */
  async function whileAsking(act: (parent: number, step: number) => void): Promise<string> {
    const receiver = createServer();
    onTestFinished(() => void receiver.close());
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address() as { port: number };
    const step = makeStep(
      makeStage('sim', { executable: 'payload.sh', inputs: [scratch.script('payload.sh', ENDLESS)] }),
      7,
    );
    const directory = await writeSteps(scratch, [step]);
    const parent = spawn('bash', ['-c', './relval-step.sh sim.stage sim0007 7 & echo $!; wait'], {
      cwd: directory,
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, RELVAL_LOGS: `127.0.0.1:${port}`, RELVAL_TOKEN: 'token' },
    });
    const [[asking], [pid]] = await Promise.all([once(receiver, 'connection'), once(parent.stdout, 'data')]);
    onTestFinished(() => void asking.destroy());
    onTestFinished(() => void parent.kill('SIGKILL'));
    await once(asking, 'data');
    await sleep(300); // until the step waits
    act(parent.pid ?? 0, Number(pid));
    return directory;
  }
  const resultIn = (directory: string): StepResult =>
    parseResult(readFileSync(join(directory, 'sim0007.result.json'), 'utf8'));

  it('ends at once by SIGTERM', async () => {
    const began = Date.now();
    const directory = await whileAsking((_, step) => void process.kill(step, 'SIGTERM'));
    await until(() => processesIn(directory).length === 0 || Date.now() - began > 20_000);
    expect(Date.now() - began).toBeLessThan(2500);
    expect(resultIn(directory)).toMatchObject({ phase: 'input', signal: 'SIGTERM', end: expect.any(Number) });
  });

  it('leaves nothing behind by SIGKILL', async () => {
    const directory = await whileAsking((_, step) => void process.kill(step, 'SIGKILL'));
    await until(() => processesIn(directory).length === 0);
  });

  it('ends by itself because its worker is gone', async () => {
    const directory = await whileAsking((parent) => void process.kill(parent, 'SIGKILL'));
    await until(() => resultIn(directory).end !== null);
    expect(resultIn(directory)).toMatchObject({ interrupted: true, signal: 'SIGTERM' });
  });
});

/** Own mounts need root, or user namespaces. */
const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

describe.skipIf(!canMount)('a worker whose disk is full', () => {
  it.each([
    ['by the payload, and not any more', 'head -c 4000000 /dev/zero > big || { sleep 2; rm big; exit 9; }', {}],
    ['by the payload', 'head -c 4000000 /dev/zero > big || exit 1', {}],
    ['by an input', 'true', { inputs: [{ kind: 'worker', name: 'big', unpack: false, path: '/proc/self/environ' }] }],
  ] as const)('%s is told as such', async (what, payload, changes) => {
    const big = scratch.file('big', Buffer.alloc(4_000_000));
    const script = scratch.script('payload.sh', payload);
    const inputs = 'inputs' in changes ? [{ ...changes.inputs[0], path: big }] : [];
    const step = makeStep(makeStage('sim', { executable: 'payload.sh', inputs: [script, ...inputs] }), 7);
    const directory = await writeSteps(scratch, [step]);
    const { status } = spawnSync(
      'unshare',
      [
        '-m',
        'bash',
        '-c',
        [
          'mount -t tmpfs -o size=2m tmpfs /mnt && cp * /mnt && cd /mnt || exit 1',
          './relval-step.sh sim.stage sim0007 7',
          'status=$?',
          'cp sim0007.* "$OLDPWD"; exit "$status"',
        ].join('\n'),
      ],
      { cwd: directory },
    );
    expect(status).toBe(STEP_EXIT.diskFull);
    const result = parseResult(readFileSync(join(directory, 'sim0007.result.json'), 'utf8'));
    expect(result.phase).toBe(what === 'by an input' ? 'input' : 'payload');
    expect(result.message).toMatch(/^the worker's disk (is full|was full while the payload ran)/);
    expect(result.exitStatus).toBeNull();
    expect(result.end).not.toBeNull();
  });
});
