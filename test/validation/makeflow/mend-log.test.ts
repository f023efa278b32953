import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tmp from 'tmp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { mendLog } from '../../../validation/makeflow/mend-log.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/makeflow/', import.meta.url));
let directory: tmp.DirResult;
let path: string;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  path = join(directory.name, 'log');
});
afterEach(() => directory.removeCallback());

it.each(readdirSync(fixtures).filter((name) => name.includes('makeflowlog')))('leaves %s as it is', (name) => {
  const text = readFileSync(fixtures + name, 'utf8');
  writeFileSync(path, text);
  expect(mendLog(path)).toBe(false);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

it('takes out a line that was cut off, wherever, and one that stands behind its rest', () => {
  const whole = ['# STARTED 17', '17 0 1 1 0 1 0 0 0 1', '# FILE 18 out.0 2 2', '18 0 2 1 0 0 1 0 0 1'];
  for (let at = 1; at < whole.length; at++) {
    const line = whole[at] as string;
    for (let length = 1; length < line.length; length++) {
      writeFileSync(path, `${whole.slice(0, at).join('\n')}\n${line.slice(0, length)}`);
      expect(mendLog(path)).toBe(true);
      expect(readFileSync(path, 'utf8').split('\n')).toEqual([...whole.slice(0, at), '']);
    }
  }
  writeFileSync(path, `${whole[0]}\n17 0 1 1 0 1# STARTED 19\n${whole[1]}\n`);
  expect(mendLog(path)).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(`${whole[0]}\n${whole[1]}\n`);
});

it('does nothing where there is none', () => {
  expect(mendLog(path)).toBe(false);
});
