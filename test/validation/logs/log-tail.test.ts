import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChunkLines, LogTail, lastLinesOffset } from '../../../validation/logs/log-tail.ts';

let directory: tmp.DirResult;
let path: string;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  path = join(directory.name, 'stdout.log');
});
afterEach(() => directory.removeCallback());

async function read(tail: LogTail): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const { bytes } of tail.read()) chunks.push(bytes);
  return Buffer.concat(chunks).toString();
}

describe('a log that grows', () => {
  it('is read from the last position, also when its final form replaces it', async () => {
    const tail = new LogTail(path);
    expect(await read(tail)).toBe('');
    writeFileSync(path, 'one\ntw');
    expect(await read(tail)).toBe('one\ntw');
    appendFileSync(path, 'o\n');
    expect(await read(tail)).toBe('o\n');
    expect(await read(tail)).toBe('');
    writeFileSync(`${path}.new`, 'one\ntwo\nthree\n');
    renameSync(`${path}.new`, path);
    expect(await read(tail)).toBe('three\n');
  });

  it('has a line about the missing bytes if it is longer than its limit', async () => {
    const tail = new LogTail(path);
    writeFileSync(path, '0123456789');
    expect(await read(tail)).toBe('0123456789');
    writeFileSync(`${path}.tail-30`, 'abc');
    expect(await read(tail)).toBe('\n[relval: 20 bytes left out here]\nabc');
    appendFileSync(`${path}.tail-30`, 'def');
    expect(await read(tail)).toBe('def');
  });
});

describe('the last lines', () => {
  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\nc\n', 9, 'a\nb\nc\n'],
    ['a\nb\n\n', 1, '\n'],
    ['a\nb\n', 0, ''],
    ['', 3, ''],
    [`${'x'.repeat(200_000)}\n${'y'.repeat(100_000)}\nz\n`, 2, `${'y'.repeat(100_000)}\nz\n`],
  ])('of %# are found', async (text, lines, expected) => {
    writeFileSync(path, text);
    expect(text.slice(await lastLinesOffset(path, lines))).toBe(expected);
  });
});

describe('lines of chunks', () => {
  it('are complete, wherever the chunks end', () => {
    const bytes = Buffer.from('äö\n\nlast');
    for (let at = 0; at <= bytes.length; at++) {
      const lines = new ChunkLines();
      const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
      const found = [
        ...lines.push({ bytes: before, offset: 0 }),
        ...lines.push({ bytes: after, offset: at }),
        ...lines.end(),
      ];
      expect(found.map(({ text }) => text)).toEqual(['äö', '', 'last']);
      expect(found.map(({ offset }) => offset)).toEqual([0, 5, 6]);
    }
  });

  it('are returned in pieces if they are very long', () => {
    const lines = new ChunkLines(10);
    const textsOf = (text: string, offset: number) =>
      lines.push({ bytes: Buffer.from(text), offset }).map((line) => line.text);
    expect(textsOf('0123456789abc', 0)).toEqual(['0123456789abc']);
    expect(textsOf('d\n', 13)).toEqual(['d']);
    expect(lines.end()).toEqual([]);
  });
});
