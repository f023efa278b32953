import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ArrivalWriter } from '../../../validation/logs/arrival-times.ts';
import { assembleLog, LiveLog } from '../../../validation/logs/live-log.ts';
import type { RunJournal } from '../../../validation/runs/store/journal.ts';
import type { RunDir } from '../../../validation/runs/store/store.ts';
import type { FollowMessage, LogLines, LogSearch, StepDetail } from '../../../validation/server/api.ts';
import { makeRunningStep, TASK } from './sample-runs.ts';
import { Serving, until } from './serving.ts';

/** Lines of ten bytes; of more than 200 of these the first 100 are kept, and the last 100 to 200. */
const LIMIT = 2000;
const T0 = Date.parse('2029-06-15T08:00:00Z');

let serving: Serving;
let run: RunDir;
let journal: RunJournal;
let log: LiveLog;
let path: string;
let written: number;
beforeEach(async () => {
  serving = new Serving();
  ({ run, journal } = makeRunningStep(serving.runs));
  path = join(run.attemptDir('sim0001', 1), 'stdout.log');
  log = await LiveLog.open(path, LIMIT);
  written = 0;
  await serving.start();
});
afterEach(async () => {
  await log.close();
  await serving.close();
});

const numbered = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, n) => `line ${String(from + n).padStart(4)}\n`).join('');
async function writeTo(last: number): Promise<void> {
  await log.write(Buffer.from(numbered(written + 1, last)));
  written = last;
}
async function end(): Promise<void> {
  await assembleLog(path, LIMIT);
  journal.add({ type: 'step-ended', step: 'sim0001', attempt: 1, state: 'succeeded', retried: false, ...TASK });
}
const LOG = 'runs/live/steps/sim0001/log';
const lines = (query: string) => serving.api<LogLines>(`${LOG}?${query}`);
const raw = async (query = ''): Promise<string> => (await serving.get(`/api/v1/${LOG}${query}`)).text();
const follow = (query = '') => serving.socket<FollowMessage>(`${LOG}/follow?${query}`);
/** The text of a client that follows. After a reset, new text replaces the discarded text. */
function known(said: readonly FollowMessage[]): string {
  let text = '';
  for (const one of said) {
    if (one.type === 'data') text += one.text;
    if (one.type === 'reset') text = text.slice(0, one.offset);
  }
  return text;
}

it('a log that is received in parts is one log, as long as nothing of it is lost', async () => {
  await writeTo(250);
  const all = await lines('line=1');
  expect(all).toMatchObject({ from: 1, total: 250, size: 2500, next: 2500, complete: false });
  expect(all).not.toHaveProperty('leftOut');
  expect(`${all.lines.join('\n')}\n`).toBe(numbered(1, 250));
  expect(await raw()).toBe(numbered(1, 250));
  expect(await raw('?offset=995&limit=20')).toBe(numbered(1, 250).slice(995, 1015));
  const { matches } = await serving.api<LogSearch>(`${LOG}/search?q=0$&regex=1`);
  expect(matches.map(({ line }) => line)).toEqual(Array.from({ length: 25 }, (_, n) => 10 * n + 10));
  const [attempt] = (await serving.api<StepDetail>('runs/live/steps/sim0001')).attempts;
  expect(attempt?.logs).toEqual([{ stream: 'stdout', size: 2500 }]);
});

it('the part that was left out is shown with its line and its size, wherever a client reads', async () => {
  const arrivals = new ArrivalWriter(path);
  await arrivals.came(0, T0);
  await arrivals.came(3400, T0 + 5000);
  await writeTo(350);
  const note = '[relval: 1000 bytes left out here]';
  const kept = `${numbered(1, 100)}\n${note}\n${numbered(201, 350)}`;
  expect(await raw()).toBe(kept);
  const all = await lines('line=1');
  expect(`${all.lines.join('\n')}\n`).toBe(kept);
  expect(all).toMatchObject({ total: 252, size: kept.length, complete: false, leftOut: { line: 102, bytes: 1000 } });
  expect(all.times).toEqual(all.lines.map((_, n) => (n < 100 ? T0 : n < 102 ? null : T0 + (n < 242 ? 0 : 5000))));
  const tail = await lines('line=-3&lines=3');
  expect(tail).toMatchObject({ from: 250, leftOut: { line: 102, bytes: 1000 } });
  expect(tail.lines).toEqual(['line  348', 'line  349', 'line  350']);
  expect((await lines('line=102&lines=2')).lines).toEqual([note, 'line  201']);
  for (const query of ['q=line', 'q=line&case=1', 'q=line%20&regex=1']) {
    const { matches } = await serving.api<LogSearch>(`${LOG}/search?limit=1000&${query}`);
    expect(matches).toHaveLength(250);
    expect(matches[100]).toMatchObject({ line: 103, text: 'line  201' });
  }
  await arrivals.close(3500);

  await end();
  const final = await lines('line=1');
  expect(final).toMatchObject({ complete: true, leftOut: { line: 102, bytes: 1500 } });
  expect(final.lines[102]).toBe('line  251');
});

it('clients follow it through each loss to its final form, also clients that come late', async () => {
  const first = follow();
  const late: ReturnType<typeof follow>[] = [];
  for (const last of [60, 130, 210, 290, 305, 420, 900, 1234]) {
    await writeTo(last);
    await until(`line ${last}`, () => known(first.said).endsWith(numbered(last, last)));
    expect(known(first.said)).toBe(await raw());
    late.push(follow());
  }
  await end();
  await Promise.all([first, ...late].map(({ closed }) => closed));
  const final = await raw();
  expect(final).toBe(`${numbered(1, 100)}\n[relval: ${12_340 - LIMIT} bytes left out here]\n${numbered(1135, 1234)}`);
  for (const { said } of [first, ...late]) expect(known(said)).toBe(final);
  expect(first.said.at(-1)).toEqual({ type: 'end', size: final.length });
});

it('a connection that was lost is taken up where it was, or at the beginning when more has been lost meanwhile', async () => {
  await writeTo(350);
  const { size, leftOut } = await lines('line=-1');
  await writeTo(390);
  const same = follow(`offset=${size}&leftOut=${leftOut?.bytes}`);
  await until('what is new', () => known(same.said) === numbered(351, 390));
  await writeTo(450);
  const other = follow(`offset=${size}&leftOut=${leftOut?.bytes}`);
  await until('all', () => other.said.some(({ type }) => type === 'data'));
  expect(other.said[0]).toEqual({ type: 'reset', offset: 0 });
  expect(known(other.said)).toBe(await raw());
});

it('nothing else is taken for a part of a log', async () => {
  await writeTo(150);
  const secret = join(serving.dir, 'secret');
  writeFileSync(secret, 'secret\n');
  renameSync(`${path}.tail-1000`, `${path}.kept`);
  symlinkSync(secret, `${path}.tail-1000`);
  expect(await raw()).not.toContain('secret');
  const own = join(run.attemptDir('sim0001', 1), 'logs', 'stdout.log');
  mkdirSync(dirname(own));
  writeFileSync(own, 'own\n');
  writeFileSync(`${own}.tail-4`, 'another\n');
  expect(await raw('?stream=logs/stdout.log')).toBe('own\n');
});
