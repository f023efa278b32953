import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeflowFiles, startMakeflow } from '../../../validation/makeflow/run.ts';
import { writeMakeflow } from '../../../validation/makeflow/write.ts';
import { makePlan, makeStage, makeStep } from '../plans.ts';
import { isAlive, Scratch } from '../step/sandbox.ts';

/** Starts makeflow where the only port that it may choose is taken. */
async function startOnTakenPort() {
  const scratch = new Scratch();
  onTestFinished(() => scratch.remove());
  const owner = createServer().listen(0, '0.0.0.0');
  await once(owner, 'listening');
  onTestFinished(() => void owner.close());
  const { port } = owner.address() as AddressInfo;
  const directory = join(scratch.path, 'flow');
  await writeMakeflow(makePlan([makeStep(makeStage('a'))]), directory, undefined, { patterns: [] });
  const makeflow = await startMakeflow({
    directory,
    file: 'Makeflow.0',
    retries: 0,
    batch: { type: 'wq', catalog: '127.0.0.1:1', project: 'p' },
    env: { TCP_LOW_PORT: `${port}`, TCP_HIGH_PORT: `${port}` },
  });
  onTestFinished(async () => {
    makeflow.kill();
    await makeflow.exited;
  });
  const { stderr } = makeflowFiles(directory, 'Makeflow.0');
  const losses = () => readFileSync(stderr, 'utf8').split('Could not create work_queue on port').length - 1;
  const lost = async (): Promise<void> => {
    while (losses() === 0) await sleep(5);
  };
  return { makeflow, port, losses, lost, release: () => owner.close() };
}

describe('makeflow', () => {
  it('is started again while somebody else has its port', async () => {
    const { makeflow, port, lost, release } = await startOnTakenPort();
    const first = makeflow.pid;
    await lost();
    release();
    expect(await makeflow.port()).toBe(port);
    expect(makeflow.pid).not.toBe(first);
    expect(isAlive(makeflow.pid)).toBe(true);
  });

  it('is not started for ever when its port stays taken', async () => {
    const { makeflow, losses } = await startOnTakenPort();
    await expect(makeflow.port()).rejects.toThrow('ended before it listened for workers: makeflow found no free port');
    expect(await makeflow.exited).toEqual({ code: 1, signal: null });
    expect(losses()).toBe(5);
  });

  it('is not started again once it was interrupted', async () => {
    const { makeflow, losses, lost } = await startOnTakenPort();
    await lost();
    const before = losses();
    makeflow.interrupt();
    await makeflow.exited;
    // On a busy machine the next one has begun already.
    expect(losses()).toBeLessThanOrEqual(before + 1);
  });
});
