import { describe, expect, it } from 'vitest';
import { KnownLines } from '../../../validation/checks/known-lines.ts';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('KnownLines', () => {
  it('keeps a line from the second time on, wherever it is, and not its neighbours', () => {
    const known = new KnownLines<number>();
    const at = (text: string, from: number, to: number) => known.at(bytes(text), from, to);
    expect(at('one line', 0, 8)).toBeUndefined();
    const line = at('>one line<', 1, 9);
    expect(line).toMatchObject({ outcome: undefined });
    if (line) line.outcome = 7;
    expect(at('..one line', 2, 10)).toBe(line);
    expect(at('..one linf', 2, 10)).toBeUndefined();
    expect(at('..one line!', 2, 11)).toBeUndefined();
    expect(at('one line', 0, 8)?.outcome).toBe(7);
  });

  it('does not follow later changes of the bytes, because a buffer is used for many parts of a log', () => {
    const known = new KnownLines<number>();
    const buffer = bytes('a line');
    known.at(buffer, 0, 6);
    const line = known.at(buffer, 0, 6);
    if (line) line.outcome = 1;
    buffer.write('b');
    expect(known.at(buffer, 0, 6)).toBeUndefined();
    expect(known.at(buffer, 0, 6)?.outcome).toBeUndefined();
    expect(known.at(bytes('a line'), 0, 6)?.outcome).not.toBe(undefined);
  });

  it('gives no outcome of another line, however many lines there are', () => {
    const known = new KnownLines<string>();
    for (let i = 0; i < 50_000; i++) {
      const text = `line ${(i * 7919) % 3000}`;
      const line = known.at(bytes(text), 0, text.length);
      if (line?.outcome !== undefined) expect(line.outcome).toBe(text);
      if (line) line.outcome = text;
    }
  });

  it('does not keep long lines', () => {
    const known = new KnownLines<number>();
    const long = bytes('x'.repeat(1000));
    for (let i = 0; i < 3; i++) expect(known.at(long, 0, 1000)).toBeUndefined();
  });
});
