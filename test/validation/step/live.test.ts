import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { masksOf } from '../../../validation/step/mask.ts';
import { logsAddress } from '../../../validation/step/names.ts';
import { STEP_EXIT, type StepResult } from '../../../validation/step/result.ts';
import { freePort } from '../../framework/workqueue/peers.ts';
import { processesIn, startLive, startWire, until } from './live-step.ts';
import { runStep, Scratch } from './sandbox.ts';

function newScratch(): Scratch {
  const scratch = new Scratch();
  onTestFinished(() => scratch.remove());
  return scratch;
}

/**
 * Prints a line, waits for a file, prints another, waits for a second file: a step that did well does not wait for long
 * until the receiver has all.
 */
const gated = (gate: string): string => `echo first; echo oops >&2; ${wait(gate)}; echo last; ${wait(`${gate}.end`)}`;
const wait = (file: string): string => `until [ -e ${file} ]; do sleep 0.1; done`;

describe('what a step prints', () => {
  it('is with the receiver while it runs, and whole when it has ended', async () => {
    const scratch = newScratch();
    const gate = join(scratch.path, 'gate');
    const live = await startLive(scratch);
    const run = await runStep(scratch, gated(gate), {
      env: live.env,
      running: async () => {
        await until(
          'the first line',
          () => live.read('stdout').includes('first\n') && live.read('stderr') === 'oops\n',
        );
        expect(live.read('stdout')).not.toContain('last');
        writeFileSync(gate, '');
        await until('the last line', () => live.read('stdout').includes('last\n'));
        writeFileSync(`${gate}.end`, '');
      },
    });
    const { execution, host, start } = run.result;
    expect(live.admitted).toEqual([{ step: 'sim0007', id: execution, host: expect.any(String), start }]);
    expect(execution).toContain(`sim0007-${start}-`);
    expect(host).not.toBe('');
    await live.finish(execution);
    expect(live.read('stdout')).toBe(run.stdout);
    expect(live.read('stderr')).toBe(run.stderr);
    expect(live.problems).toEqual([]);
    expect(processesIn(run.directory)).toEqual([]);
  });

  it('does not tell the payload where it goes', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch);
    const run = await runStep(scratch, 'env; set', { env: live.env });
    expect(run.stdout).not.toMatch(/RELVAL_(LOGS|TOKEN|MASKS)/);
    expect(run.stdout).not.toContain(live.token);
  });

  it('is masked with the receiver, wherever a secret is cut', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch, { masks: masksOf(['hunter2']) });
    const end = join(scratch.path, 'end');
    const slow = 'for c in a h u n t e r 2 b; do printf $c; sleep 0.1; done; echo; echo hunter2 >&2';
    const run = await runStep(scratch, `${slow}; ${wait(end)}`, {
      env: live.env,
      running: async () => {
        await until('both', () => live.read('stdout').endsWith('b\n') && live.read('stderr').endsWith('\n'));
        writeFileSync(end, '');
      },
    });
    await live.finish(run.result.execution);
    expect(run.stdout).toContain('ahunter2b');
    expect(live.read('stdout')).toBe(run.stdout.replace('hunter2', '*******'));
    expect(live.read('stderr')).toBe('*******\n');
  });

  it('goes on arriving when the connection is lost and comes back', async () => {
    const scratch = newScratch();
    const gate = join(scratch.path, 'gate');
    const live = await startLive(scratch);
    const wire = await startWire(live.port);
    const payload = `for ((i = 0; i < 20000; i++)); do echo "line $i of many"; done; ${gated(gate)}`;
    const run = await runStep(scratch, payload, {
      env: { RELVAL_LOGS: logsAddress('127.0.0.1', wire.port, live.token) },
      running: async () => {
        for (const bytes of [1000, 100_000]) {
          await until('some of it', () => wire.sent() > bytes);
          await wire.cut();
          await wire.mend();
        }
        writeFileSync(gate, '');
        await until('the rest', () => live.read('stdout').includes('last\n'));
        writeFileSync(`${gate}.end`, '');
      },
    });
    await live.finish(run.result.execution);
    expect(live.read('stdout')).toBe(run.stdout);
  });

  it('goes to a receiver that comes later, or again at the same address', async () => {
    const scratch = newScratch();
    const gate = join(scratch.path, 'gate');
    const port = await freePort();
    const token = 'token';
    const live = () => startLive(scratch, { listen: { host: '127.0.0.1', port }, tokenOf: () => token });
    const run = await runStep(scratch, gated(gate), {
      env: { RELVAL_LOGS: logsAddress('127.0.0.1', port, token) },
      running: async (_, directory) => {
        const out = join(directory, 'sim0007.stdout.log');
        await until('the payload', () => existsSync(out) && readFileSync(out, 'utf8').includes('first'));
        const first = await live();
        await until('the first line', () => first.read('stdout').includes('first'));
        await first.close();
        await sleep(200);
        const second = await live();
        await until('the step to come back', () => second.admitted.length > 0);
        writeFileSync(gate, '');
        await until('the last line', () => second.read('stdout').includes('last'));
        writeFileSync(`${gate}.end`, '');
      },
    });
    const { read } = await startLive(scratch);
    expect(read('stdout')).toBe(run.stdout);
  });

  it('comes back short when it is too long, but stays whole for the payload and its outputs', async () => {
    const scratch = newScratch();
    const out = join(scratch.path, 'out');
    const run = await runStep(scratch, 'for ((i = 0; i < 1000; i++)); do echo "line $i"; done', {
      outputLimit: 1000,
      stage: { outputDirTemplate: out, outputs: [{ patterns: ['stdout.log'] }] },
    });
    const whole = readFileSync(join(out, 'stdout.log'), 'utf8');
    expect(whole).toContain('line 500\n');
    const notice = `\n[relval: ${whole.length - 1000} bytes left out here]\n`;
    expect(run.stdout).toBe(whole.slice(0, 500) + notice + whole.slice(-500));
  });
});

describe('a receiver that fails', () => {
  it.each([
    ['is not there', async () => logsAddress('127.0.0.1', await freePort(), 'x')],
    ['has no name that is known', async () => logsAddress('nowhere.invalid', 9, 'x')],
    ['is no address', async () => 'rubbish'],
  ])('because it %s does not disturb the step', async (_, address) => {
    const run = await runStep(newScratch(), 'echo ran; sleep 0.5', { env: { RELVAL_LOGS: await address() } });
    expect(run.status).toBe(0);
    expect(run.result).toMatchObject({ phase: 'done', exitStatus: 0 });
    expect(run.stdout).toContain('ran');
    expect(run.said).toBe('');
    expect(processesIn(run.directory)).toEqual([]);
  });

  it('because the token is wrong does not disturb the step, and gets nothing', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch);
    const env = { RELVAL_LOGS: logsAddress('127.0.0.1', live.port, 'anotherToken') };
    const run = await runStep(scratch, 'echo ran; sleep 0.5', { env });
    expect(run.result).toMatchObject({ phase: 'done', exitStatus: 0 });
    expect(live.admitted).toEqual([]);
    expect(live.read('stdout')).toBe('');
  });

  it('because it never answers costs the step some seconds and no more, and the step is still guarded', async () => {
    const silent = createServer(() => {});
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port));
    });
    onTestFinished(() => {
      silent.close();
    });
    const run = await runStep(newScratch(), 'echo ran; sleep 600', {
      env: { RELVAL_LOGS: logsAddress('127.0.0.1', port, 'x') },
      stage: { resources: { cores: 1, memory: 1, disk: 1, wallTime: 1 } },
    });
    expect(run.stdout).toContain('ran');
    expect(run.result).toMatchObject({ phase: 'payload', timedOut: true });
    expect((run.result.end as number) - run.result.start).toBeLessThan(60_000);
    expect(processesIn(run.directory)).toEqual([]);
  });
});

describe('a step that must not run', () => {
  it('ends at once, with a status and a result that say so, and nothing is run', async () => {
    const scratch = newScratch();
    const trace = join(scratch.path, 'trace');
    const live = await startLive(scratch, { admit: () => ({ refuse: 'it has had its 1 attempt' }) });
    const run = await runStep(scratch, `touch ${trace}`, {
      env: live.env,
      stage: { environmentCommand: `touch ${trace}`, handsOn: ['x'] },
    });
    expect(run.status).toBe(STEP_EXIT.refused);
    expect(run.result).toMatchObject({
      phase: 'refused',
      message: 'not run: it has had its 1 attempt',
      payloadStart: null,
      exitStatus: null,
    });
    expect(run.result.end).not.toBeNull();
    expect(existsSync(trace)).toBe(false);
    expect(existsSync(join(run.directory, 'sim0007.x'))).toBe(true);
    expect(processesIn(run.directory)).toEqual([]);
  });
});

describe('a step that is ended from outside', () => {
  const endless = 'trap "" TERM; echo begun; for ((i = 0; ; i++)); do echo "line $i"; sleep 0.05; done';

  it.each([
    ['its shell alone', 'SIGKILL', (pid: number) => pid],
    ['its process group, as Work Queue does', 'SIGKILL', (pid: number) => -pid],
    ['its shell, in order', 'SIGTERM', (pid: number) => pid],
  ] as const)('by killing %s has left what it printed with the receiver, and no process', async (_, signal, target) => {
    const scratch = newScratch();
    const live = await startLive(scratch);
    const run = await runStep(scratch, endless, {
      env: live.env,
      running: async (child) => {
        await until('some lines', () => live.read('stdout').includes('line 5\n'));
        process.kill(target(child.pid as number), signal);
      },
    });
    await until('the end of all processes', () => processesIn(run.directory).length === 0);
    const printed = readFileSync(join(run.directory, 'sim0007.stdout.log'), 'latin1');
    const { admitted } = live;
    await live.finish(admitted[0]?.id as string);
    // a line may have been printed while the payload was being killed
    expect(printed.startsWith(live.read('stdout'))).toBe(true);
    expect(live.read('stdout').length).toBeGreaterThan(printed.length - 100);
  });

  it('sends nothing more when its guard was killed too', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch);
    const gate = join(scratch.path, 'gate');
    const run = await runStep(scratch, `echo first; ${wait(gate)}`, {
      env: live.env,
      running: async (child, directory) => {
        await until('the first line', () => live.read('stdout').includes('first\n'));
        const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').trim().split(' ');
        const guards = processesIn(join(directory, 'sim0007.work', 'own')).filter((pid) => children.includes(`${pid}`));
        expect(guards).toHaveLength(1);
        process.kill(guards[0] as number, 'SIGKILL');
        process.kill(child.pid as number, 'SIGKILL');
        await live.close();
        writeFileSync(gate, '');
      },
    });
    await until('the end of all processes', () => processesIn(run.directory).length === 0);
  });

  it('because its time is over has its last words with the receiver', async () => {
    const scratch = newScratch();
    const live = await startLive(scratch);
    const run = await runStep(scratch, endless, {
      env: live.env,
      stage: { resources: { cores: 1, memory: 1, disk: 1, wallTime: 1 } },
    });
    expect(run.result).toMatchObject({ timedOut: true, outOfMemory: false });
    await live.finish(run.result.execution);
    expect(live.read('stdout')).toBe(run.stdout);
    expect(run.stdout).toContain('relval: Killed: the payload exceeded its time limit');
  });
});

describe('memory', () => {
  /** Holds so many MB in a variable of bash. */
  const hold = (mb: number): string => `x=$(head -c ${mb}000000 /dev/zero | tr '\\0' x)`;

  /** Runs a payload that ends when `gate` is there, which is when the step has measured so many kB. */
  async function measured(payload: (gate: string) => string, kB: number): Promise<StepResult> {
    const scratch = newScratch();
    const gate = join(scratch.path, 'gate');
    const { result } = await runStep(scratch, payload(gate), {
      running: async (_, directory) => {
        const peaks = join(directory, 'sim0007.work/own/peak-memory');
        const peak = (): number => Number(existsSync(peaks) && readFileSync(peaks, 'utf8').trim().split('\n').at(-1));
        await until(`a measurement of ${kB} kB`, () => peak() > kB);
        writeFileSync(gate, '');
      },
    });
    return result;
  }

  it('is that of the payload and its children together, at its worst', async () => {
    const holds = (gate: string): string => `(${hold(30)}; ${wait(gate)}) &`;
    const result = await measured((gate) => `${holds(gate)} ${holds(gate)} wait; echo done`, 60_000);
    expect(result.peakMemory).toBeGreaterThan(60e6);
    expect(result.peakMemory).toBeLessThan(250e6);
    expect(result.outOfMemory).toBe(false);
  });

  it('is known of a payload that lets it go again, from the kernel', async () => {
    const result = await measured((gate) => `${hold(50)}; unset x; ${wait(gate)}`, 50_000);
    expect(result.peakMemory).toBeGreaterThan(50e6);
  });
});
