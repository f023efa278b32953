import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rebuildLog } from '../../../validation/makeflow/rebuild-log.ts';
import { makeflowFiles, startMakeflow } from '../../../validation/makeflow/run.ts';

const FILE = 'Makeflow.0';
let directory: string;
let remove: () => void;
let log: string;
beforeEach(() => {
  ({ name: directory, removeCallback: remove } = tmp.dirSync({ unsafeCleanup: true }));
  log = makeflowFiles(directory, FILE).transactions;
  const rule = (target: string, source: string) => `${target}: ${source}\n\techo ${target} >> ran; echo > ${target}\n`;
  writeFileSync(join(directory, FILE), [rule('a', ''), rule('b', 'a'), rule('c', 'b')].join('\n'));
});
afterEach(() => remove());

const run = async (): Promise<void> => {
  const makeflow = await startMakeflow({ directory, file: FILE, retries: 0, batch: { type: 'local' } });
  await makeflow.exited;
};
const ran = (): string[] => readFileSync(join(directory, 'ran'), 'utf8').trim().split('\n');
const complete = () => [
  { node: 0, targets: ['a'] },
  { node: 1, targets: ['b'] },
];

it('makeflow goes on behind what an emptied log has lost, and repeats nothing of it', async () => {
  await run();
  expect(ran()).toEqual(['a', 'b', 'c']);
  truncateSync(log);
  expect(rebuildLog(log, 2, complete, 3, Date.now())).toBe(true);
  await run();
  expect(ran()).toEqual(['a', 'b', 'c', 'c']);
  const text = readFileSync(log, 'utf8');
  expect(text.match(/^# STARTED/gm)).toHaveLength(3);
  expect(text).toMatch(/^\d+ 2 2 \d+ 0 0 3 0 0 3$/m);
});

it('a log that was removed is made again, one that knows of all starts stays as it is', async () => {
  await run();
  const text = readFileSync(log, 'utf8');
  expect(rebuildLog(log, 1, complete, 3, Date.now())).toBe(false);
  expect(readFileSync(log, 'utf8')).toBe(text);
  rmSync(log);
  expect(rebuildLog(log, 0, complete, 3, Date.now())).toBe(false);
  expect(rebuildLog(log, 1, complete, 3, Date.now())).toBe(true);
});
