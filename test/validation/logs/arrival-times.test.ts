import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrivalTimes, timesPath } from '../../../validation/logs/arrival-times.ts';
import { logSegments } from '../../../validation/logs/live-log.ts';
import { findLeftOut } from '../../../validation/logs/log-bundle.ts';
import { type LogReceiver, type ReceiverOptions, startLogReceiver } from '../../../validation/step/log-receiver.ts';
import { masksOf } from '../../../validation/step/mask.ts';

const TOKEN = 'aToken_0123';
const EXECUTION = 'sim0001-1-2-host';

let dir: string;
let log: string;
let receivers: LogReceiver[];
let problems: string[];
const sockets: Socket[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'relval-times-'));
  log = join(dir, 'live', 'stdout.log');
  [receivers, problems] = [[], []];
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const receiver of receivers) await receiver.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(changes: Partial<ReceiverOptions> = {}): Promise<LogReceiver> {
  const receiver = await startLogReceiver({
    listen: { host: '127.0.0.1' },
    tokenOf: () => TOKEN,
    masks: masksOf([]),
    limit: 1 << 20,
    admit: () => ({ directory: join(dir, 'live') }),
    onProblem: (problem) => problems.push(problem),
    ...changes,
  });
  receivers.push(receiver);
  return receiver;
}

/** A step that sends its stdout; settles when the receiver has answered at which offset to continue. */
async function connected({ port }: LogReceiver): Promise<{ socket: Socket; have: number }> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  socket.write(`relval-log-1 ${TOKEN} sim0001 ${EXECUTION} host 1700000000000 stdout\n`);
  const [said] = await new Promise<Buffer[]>((resolve) => socket.once('data', (data) => resolve([data as Buffer])));
  return { socket, have: Number(/^have (\d+)/.exec(String(said))?.[1]) };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 60_000) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Waits until this number of bytes of the stream has arrived, in any of its files. */
async function untilCame(bytes: number): Promise<void> {
  for (;;) {
    const last = (await logSegments(log)).at(-1);
    if (last && last.start + last.size >= bytes) return;
    await sleep(10);
  }
}

/** Sends a text and waits until it has arrived. @returns the times before and after */
async function send(socket: Socket, text: string | Buffer): Promise<[number, number]> {
  const size = sizeOf(log) + text.length;
  const before = Date.now();
  socket.write(text);
  await until(() => sizeOf(log) >= size, 'what was sent');
  return [before, Date.now()];
}

async function timesOf(offsets: number[]): Promise<(number | null)[]> {
  const times = await open(timesPath(log));
  const handle = await open(log);
  try {
    return await arrivalTimes(times, await findLeftOut(handle, (await handle.stat()).size), offsets);
  } finally {
    await times.close();
    await handle.close();
  }
}

function expectWithin(time: number | null | undefined, [before, after]: [number, number]): void {
  // One entry has the time of all bytes that arrive within 200 ms.
  expect(time).toBeGreaterThanOrEqual(before - 200);
  expect(time).toBeLessThanOrEqual(after);
}

describe('the times of a log', () => {
  it('are the arrival times of its bytes, also with lost connections and a restarted receiver', async () => {
    const first = await start();
    const one = await connected(first);
    const came = [await send(one.socket, 'first\n')];
    await sleep(300);
    came.push(await send(one.socket, 'second\n'));
    await sleep(300);
    const two = await connected(first);
    expect(two.have).toBe(13);
    came.push(await send(two.socket, 'third\n'));
    await first.close();
    await sleep(300);
    const second = await start();
    const three = await connected(second);
    came.push(await send(three.socket, 'fourth\n'));
    await second.finish(EXECUTION);
    const offsets = [0, 6, 13, 19];
    const times = await timesOf(offsets);
    for (const [n, time] of times.entries()) expectWithin(time, came[n] as [number, number]);
    expect(new Set(times).size).toBe(4);
    // Inside of a line and at its beginning
    expect(await timesOf([5, 12, 18, 25])).toEqual(times);
    // One entry for each, and one for the end
    expect(sizeOf(timesPath(log))).toBe(5 * 12);
  });

  it('need few bytes, for any amount of output', async () => {
    const receiver = await start({ limit: 1 << 30 });
    const { socket } = await connected(receiver);
    const piece = Buffer.alloc(1 << 20, 'x');
    const before = Date.now();
    for (let n = 0; n < 50; n++) {
      if (!socket.write(piece)) await new Promise((resolve) => socket.once('drain', resolve));
    }
    await until(() => sizeOf(log) === 50 << 20, '50 MB');
    const most = Math.ceil((Date.now() - before) / 200) + 1;
    expect(sizeOf(timesPath(log))).toBeGreaterThan(0);
    expect(sizeOf(timesPath(log))).toBeLessThanOrEqual(most * 12);
  });

  it('are right on both sides of the left-out part of a long log', async () => {
    const receiver = await start({ limit: 200 });
    const { socket } = await connected(receiver);
    const whole: string[] = [];
    const came: [number, number][] = [];
    for (let n = 0; n < 5; n++) {
      const text = `line ${n} ${'.'.repeat(n === 2 ? 400 : 60)}\n`;
      whole.push(text);
      const before = Date.now();
      socket.write(text);
      await untilCame(whole.join('').length);
      came.push([before, Date.now()]);
      await sleep(350);
    }
    socket.end();
    await receiver.finish(EXECUTION);
    const text = readFileSync(log, 'latin1');
    const stream = whole.join('');
    const note = `\n[relval: ${stream.length - 200} bytes left out here]\n`;
    expect(text).toBe(`${stream.slice(0, 100)}${note}${stream.slice(-100)}`);
    const [head, second, said, last] = await timesOf([
      0,
      text.indexOf('line 1'),
      text.indexOf('[relval'),
      text.indexOf('line 4'),
    ]);
    expectWithin(head, came[0] as [number, number]);
    expectWithin(second, came[1] as [number, number]);
    expect(said).toBeNull();
    expectWithin(last, came[4] as [number, number]);
  });

  it('ignore entries of lost bytes, and half an entry', async () => {
    const first = await start();
    const one = await connected(first);
    const kept = await send(one.socket, 'kept\n');
    await sleep(300);
    await send(one.socket, 'lost\n');
    await first.close();
    // After a power failure the log is shorter than its times say, and the last entry is cut.
    truncateSync(log, 5);
    appendFileSync(timesPath(log), Buffer.alloc(7, 1));
    await sleep(300);
    const second = await start();
    const two = await connected(second);
    expect(two.have).toBe(5);
    const again = await send(two.socket, 'lost\n');
    const times = await timesOf([0, 5]);
    expectWithin(times[0], kept);
    expectWithin(times[1], again);
    expect(sizeOf(timesPath(log)) % 12).toBe(0);
  });

  it('are missing if they cannot be written, but the log arrives', async () => {
    mkdirSync(join(dir, 'live'), { recursive: true });
    for (const inTheWay of ['full', 'directory']) {
      rmSync(log, { force: true });
      rmSync(timesPath(log), { recursive: true, force: true });
      if (inTheWay === 'full') symlinkSync('/dev/full', timesPath(log));
      else mkdirSync(timesPath(log));
      const receiver = await start();
      const { socket } = await connected(receiver);
      await send(socket, 'one\n');
      await sleep(250);
      await send(socket, 'two\n');
      socket.end();
      await receiver.finish(EXECUTION);
      expect(readFileSync(log, 'utf8')).toBe('one\ntwo\n');
    }
    expect(problems).toEqual([]);
  });

  it('end with the stream: further bytes of the final log have no time', async () => {
    const receiver = await start({ masks: masksOf(['hunter2']) });
    const { socket } = await connected(receiver);
    // A possible beginning of a secret is held back until the end.
    socket.end('came\nhunt');
    await receiver.finish(EXECUTION);
    expect(readFileSync(log, 'utf8')).toBe('came\nhunt');
    writeFileSync(log, 'came\nhunting\nand more\n');
    const [came, held, behind] = await timesOf([0, 5, 13]);
    expect(came).toBeGreaterThan(0);
    expect(held).toBeGreaterThan(0);
    expect(behind).toBeNull();
  });

  it('are unknown before the first entry', async () => {
    mkdirSync(join(dir, 'live'));
    writeFileSync(log, 'an earlier version wrote this\nand this did not\n');
    const receiver = await start();
    const { socket, have } = await connected(receiver);
    expect(have).toBe(47);
    const came = await send(socket, 'a line\n');
    const [before, after] = await timesOf([0, 47]);
    expect(before).toBeNull();
    expectWithin(after, came);
  });
});
