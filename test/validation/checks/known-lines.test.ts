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
    expect(known.at(bytes('a line'), 0, 6)?.outcome).toBe(1);
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

  it('tells lines apart that have the same hash', () => {
    const known = new KnownLines<number>();
    const [one, other] = [bytes('line hkcbhjgd'), bytes('line hjoeanoe')];
    known.at(one, 0, one.length);
    const line = known.at(one, 0, one.length);
    if (line) line.outcome = 1;
    expect(known.at(other, 0, other.length)).toMatchObject({ outcome: undefined });
  });

  it('does not keep long lines', () => {
    const known = new KnownLines<number>();
    const long = bytes('x'.repeat(1000));
    for (let i = 0; i < 3; i++) expect(known.at(long, 0, 1000)).toBeUndefined();
  });
});
