import { appendFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ArrivalWriter } from '../../../validation/logs/arrival-times.ts';
import type { RunJournal } from '../../../validation/runs/store/journal.ts';
import type { RunDir } from '../../../validation/runs/store/store.ts';
import type { FollowMessage, LogLines } from '../../../validation/server/api.ts';
import { makeRunningStep, TASK, writeLog } from './sample-runs.ts';
import { Serving, until } from './serving.ts';

const T0 = Date.parse('2029-06-15T08:00:00Z');

let serving: Serving;
let run: RunDir;
let journal: RunJournal;
beforeEach(async () => {
  serving = new Serving();
  ({ run, journal } = makeRunningStep(serving.runs));
  await serving.start();
});
afterEach(() => serving.close());

const lines = (query: string) => serving.api<LogLines>(`runs/live/steps/sim0001/log?${query}`);

/** The records of the receiver: the times at which the bytes from these offsets on arrived. */
async function came(log: string, entries: readonly [offset: number, time: number][], end: number): Promise<void> {
  const writer = new ArrivalWriter(log);
  for (const [offset, time] of entries) await writer.came(offset, time);
  await writer.close(end);
}

it('lines have the times at which they came, wherever they stand, and the start of their attempt', async () => {
  const text = Array.from({ length: 90_000 }, (_, n) => `line ${n + 1}\n`).join('');
  const path = writeLog(run, 'sim0001', 1, 'stdout.log', text);
  // A new time with each thousand lines, and the last thousand came with the file
  const entries: [number, number][] = [];
  for (let n = 0; n < 89; n++) entries.push([text.indexOf(`line ${n * 1000 + 1}\n`), T0 + n * 1000]);
  await came(path, entries, text.indexOf('line 89001\n'));
  const first = await lines('line=1&lines=3');
  expect(first.times).toEqual([T0, T0, T0]);
  expect(first.start).toBe((await serving.api<{ start: number }>('runs/live/steps/sim0001')).start);
  expect((await lines('line=44999&lines=4')).times).toEqual([T0 + 44_000, T0 + 44_000, T0 + 45_000, T0 + 45_000]);
  expect((await lines('line=-2&lines=2')).times).toEqual([null, null]);
  const all = await lines('line=80001&lines=10000');
  expect(all.times).toEqual(all.lines.map((_, n) => (n < 9000 ? T0 + 80_000 + Math.floor(n / 1000) * 1000 : null)));
});

it('lines of a log without them have none, nor has one whose times lead elsewhere', async () => {
  const path = writeLog(run, 'sim0001', 1, 'stdout.log', 'a\nb\n');
  expect(await lines('line=1')).not.toHaveProperty('times');
  const elsewhere = join(serving.dir, 'elsewhere');
  await came(elsewhere, [[0, T0]], 4);
  symlinkSync(`${elsewhere}.times`, `${path}.times`);
  expect(await lines('line=1')).not.toHaveProperty('times');
  rmSync(`${path}.times`);
  writeFileSync(`${path}.times`, 'no times');
  expect((await lines('line=1')).times).toEqual([null, null]);
});

it('followed lines have them, also lines that continue in the next message, and after the final file replaces the log', async () => {
  const path = writeLog(run, 'sim0001', 1, 'stdout.log', '');
  const writer = new ArrivalWriter(path);
  const write = async (offset: number, time: number, text: string): Promise<void> => {
    await writer.came(offset, time);
    appendFileSync(path, text);
  };
  await write(0, T0, 'one\ntwo\nhal');
  const { said, closed } = serving.socket<FollowMessage>('runs/live/steps/sim0001/log/follow');
  const data = () => said.flatMap((one) => (one.type === 'data' ? [[one.text, one.times]] : []));
  await until('what there is', () => data().length === 1);
  await write(11, T0 + 5000, 'f\nthree\n');
  await until('what came', () => data().length === 2);
  await writer.close(19);
  writeFileSync(`${path}.final`, 'one\ntwo\nhalf\nthree\nfour\n');
  renameSync(`${path}.final`, path);
  journal.add({ type: 'step-ended', step: 'sim0001', attempt: 1, state: 'succeeded', retried: false, ...TASK });
  await closed;
  expect(data()).toEqual([
    ['one\ntwo\nhal', [T0, T0, T0]],
    ['f\nthree\n', [T0 + 5000, T0 + 5000]],
    ['four\n', [null]],
  ]);
  expect((await lines('line=1')).times).toEqual([T0, T0, T0, T0 + 5000, null]);
});
