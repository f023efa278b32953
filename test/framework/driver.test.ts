import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Driver } from '../../framework/driver.ts';
import type { Logger } from '../../framework/log.ts';
import { CodecError } from '../../framework/mesos/codec.ts';
import { parseMaster } from '../../framework/mesos/leader.ts';
import { demand, manager, need, pool } from './scheduler/fixtures.ts';

const silent = () => undefined;
const log: Logger = { debug: silent, info: silent, warn: silent, error: silent };

let dir: string;
let driver: Driver;
const whenIdle = vi.fn();
let stopped: Promise<void> | undefined;
/** How often the core has learnt the time. */
let ticks: () => number;

/** The real driver. Nobody listens at the address of its master. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  stopped = undefined;
  dir = mkdtempSync(join(tmpdir(), 'driver-test-'));
  driver = new Driver({
    pools: [pool()],
    info: { user: 'tester', name: 'test' },
    connection: { locate: parseMaster('127.0.0.1:1', { log }) },
    sources: [],
    stateDir: dir,
    log,
    onFatal: silent,
    whenIdle,
  });
  const handle = vi.spyOn(driver.scheduler, 'handle');
  ticks = () => handle.mock.calls.filter(([event]) => event.type === 'tick').length;
  driver.start();
});
afterEach(async () => {
  whenIdle.mockReset();
  await stop();
  rmSync(dir, { recursive: true, force: true });
});

function stop(): Promise<void> {
  vi.useRealTimers();
  stopped ??= driver.stop({ teardown: false });
  return stopped;
}

const works = () => driver.handle({ type: 'demand', demand: demand([manager({ waiting: [need(1)] })]) });
const rests = () => driver.handle({ type: 'demand', demand: demand([]) });
const during = (ms: number): number => {
  const before = ticks();
  vi.advanceTimersByTime(ms);
  return ticks() - before;
};

describe('the ticks of the core', () => {
  it('come twice a second while there is a manager, and every 2.5 s while the core is idle', () => {
    works();
    expect(during(10_000)).toBe(20);
    rests();
    during(500);
    expect(during(10_000)).toBe(4);
  });

  it('come within half a second of any event of an idle core', () => {
    during(500);
    expect(during(1000)).toBe(0);
    works();
    expect(during(500)).toBe(1);
    expect(during(2000)).toBe(4);
  });

  it('end when the driver stops, whatever it handles last', async () => {
    during(500);
    await stop();
    vi.useFakeTimers();
    rests();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a call that cannot be written', () => {
  it('has no effect, as one that the master refuses: no agent is to blame for it', async () => {
    vi.useRealTimers();
    const handle = vi.spyOn(driver, 'handle');
    vi.spyOn(driver.connection, 'send').mockRejectedValue(new CodecError('cannot write a Call'));
    vi.spyOn(driver.scheduler, 'handle').mockReturnValueOnce({
      records: [],
      calls: [{ type: 'REVIVE' }],
      decisions: [],
    });
    driver.handle({ type: 'tick' });
    await vi.waitFor(() =>
      expect(handle).toHaveBeenCalledWith(expect.objectContaining({ type: 'call-failed', refused: true })),
    );
  });
});

describe('whenIdle', () => {
  it('is called half a minute after the work has ended, then every two minutes', () => {
    works();
    vi.advanceTimersByTime(600_000);
    expect(whenIdle).not.toHaveBeenCalled();
    rests();
    vi.advanceTimersByTime(29_000);
    expect(whenIdle).not.toHaveBeenCalled();
    vi.advanceTimersByTime(6000);
    expect(whenIdle).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(600_000);
    expect(whenIdle).toHaveBeenCalledTimes(6);
    works();
    vi.advanceTimersByTime(600_000);
    expect(whenIdle).toHaveBeenCalledTimes(6);
  });
});
