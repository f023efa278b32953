import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { takeBack, takenBack } from '../../../validation/makeflow/take-back.ts';

const LOG = [
  '# STARTED 1795965529087066',
  '1795965529165210 1 1 142 1 1 0 0 0 2',
  '1795965529262740 0 1 143 0 2 0 0 0 2',
  '1795965533572148 1 2 142 0 1 1 0 0 2',
];

it('rules whose jobs are gone wait again, those that are complete do not', () => {
  expect(takenBack(LOG, 1795965540000)).toEqual(['1795965540000000 0 0 143 1 0 1 0 0 2']);
});

it('a log without such rules, or none at all, stays as it is', () => {
  expect(takenBack(LOG.slice(0, 1), 1)).toEqual([]);
  const directory = mkdtempSync(join(tmpdir(), 'relval-log-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'log');
  takeBack(path, 1);
  expect(() => readFileSync(path)).toThrow('ENOENT');
  writeFileSync(path, `${LOG.join('\n')}\n`);
  takeBack(path, 1795965540000);
  const once = readFileSync(path, 'utf8');
  takeBack(path, 1795965541000);
  expect(readFileSync(path, 'utf8')).toBe(once);
});
