import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dirSync } from 'tmp';
import { afterEach, describe, expect, it } from 'vitest';
import { lastLines } from '../../../validation/checks/last-lines.ts';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const remove of cleanUp.splice(0)) remove();
});

function logs(files: Record<string, string | Buffer>) {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true });
  cleanUp.push(removeCallback);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(name, file), text);
  return lastLines((file) => (file in files ? join(name, file) : undefined));
}

describe('lastLines', () => {
  it('are the last of stderr, else of stdout, without empty ones and those of relval', async () => {
    expect(await logs({ 'stdout.log': 'a\nb\n', 'stderr.log': '1\n2\r\n3\n\n4\n \n' })).toEqual({
      file: 'stderr.log',
      lines: ['2', '3', '4'],
    });
    expect(await logs({ 'stdout.log': 'a\nb\n\nrelval: Killed\n', 'stderr.log': '\n' })).toEqual({
      file: 'stdout.log',
      lines: ['a', 'b'],
    });
  });

  it('are empty if the log is empty or missing', async () => {
    expect(await logs({})).toBeUndefined();
    expect(await logs({ 'stdout.log': '', 'rec.log': 'x' })).toBeUndefined();
    expect(await lastLines(() => '/nowhere/stdout.log')).toBeUndefined();
  });

  it('are cut, for a log of any size and content', async () => {
    const long = await logs({
      'stdout.log': Buffer.concat([Buffer.alloc(3e6, 'a\n'), Buffer.alloc(2e6, 0xff), Buffer.from('\nend')]),
    });
    expect(long?.lines.at(-1)).toBe('end');
    expect(long?.lines[0]).toBe(`${'\ufffd'.repeat(300)}…`);
  });
});
