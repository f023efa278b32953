import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align } from '../../../validation/log-diff/align.ts';
import { addPart, type DiffPart } from '../../../validation/log-diff/answer.ts';
import { compareLogs } from '../../../validation/log-diff/compare-logs.ts';
import { counterpart } from '../../../validation/log-diff/counterpart.ts';
import { exactKey, foldedKey, type LineKey } from '../../../validation/log-diff/line-keys.ts';
import { LogReader, type Place } from '../../../validation/logs/log-reader.ts';

function readerOf(text: string, place?: Place): LogReader {
  const bytes = Buffer.from(text);
  return new LogReader([{ start: 0, size: bytes.length, from: bytes }], place);
}

function compare(a: readonly string[], b: readonly string[], keyOf: LineKey = exactKey): DiffPart[] {
  const parts: DiffPart[] = [];
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  for (const { part } of compareLogs(readerOf(text(a)), readerOf(text(b)), keyOf)) addPart(parts, part);
  return parts;
}

const numbered = (count: number, word = 'line'): string[] =>
  Array.from({ length: count }, (_, n) => `${word} ${n + 1}`);
const shapeOf = (parts: readonly DiffPart[]) =>
  parts.map(({ same, a, b, countA, countB }) => `${same ? '=' : '~'} ${a}+${countA} ${b}+${countB}`);

describe('two logs', () => {
  it('are one equal part if they are the same, and its ends are shown', () => {
    const [part, ...rest] = compare(numbered(20_000), numbered(20_000));
    expect(rest).toEqual([]);
    expect(part).toMatchObject({ same: true, a: 1, b: 1, countA: 20_000, countB: 20_000 });
    expect(part?.linesB).toEqual(['line 1', 'line 2', 'line 3', 'line 19998', 'line 19999', 'line 20000']);
  });

  it('differ where a line was added, removed or changed', () => {
    const lines = numbered(100);
    const other = [
      ...lines.slice(0, 10),
      'more',
      ...lines.slice(10, 50),
      ...lines.slice(52, 90),
      'else',
      ...lines.slice(91),
    ];
    expect(shapeOf(compare(lines, other))).toEqual([
      '= 1+10 1+10',
      '~ 11+0 11+1',
      '= 11+40 12+40',
      '~ 51+2 52+0',
      '= 53+38 52+38',
      '~ 91+1 90+1',
      '= 92+9 91+9',
    ]);
  });

  it('differ up to the end if one is empty or shorter', () => {
    expect(compare([], [])).toEqual([]);
    expect(shapeOf(compare([], numbered(3)))).toEqual(['~ 1+0 1+3']);
    expect(shapeOf(compare(numbered(5), numbered(3)))).toEqual(['= 1+3 1+3', '~ 4+2 4+0']);
  });

  it('come together again behind 30,000 lines that only one has', () => {
    const [head, tail] = [numbered(100, 'head'), numbered(100, 'tail')];
    expect(shapeOf(compare([...head, ...tail], [...head, ...numbered(30_000, 'new'), ...tail]))).toEqual([
      '= 1+100 1+100',
      '~ 101+0 101+30000',
      '= 101+100 30101+100',
    ]);
  });

  it('that have nothing in common are compared to their ends', () => {
    const parts = compare(numbered(150_000, 'a'), numbered(100_000, 'b'));
    expect(parts.every(({ same }) => !same)).toBe(true);
    expect(parts.reduce((sum, { countA }) => sum + countA, 0)).toBe(150_000);
    expect(parts.reduce((sum, { countB }) => sum + countB, 0)).toBe(100_000);
  });

  it('are compared line by line, whatever they hold, and cut at any part they give the same', () => {
    const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd', '', '+ x'), { maxLength: 60 });
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const parts = compare(a, b);
        // The shown lines of the parts must give both logs again, except lines that were left out.
        const at = { a: 1, b: 1 };
        for (const part of parts) {
          expect({ a: part.a, b: part.b }).toEqual(at);
          if (part.same)
            expect(a.slice(at.a - 1, at.a - 1 + part.countA)).toEqual(b.slice(at.b - 1, at.b - 1 + part.countB));
          at.a += part.countA;
          at.b += part.countB;
        }
        expect(at).toEqual({ a: a.length + 1, b: b.length + 1 });
        const cut: DiffPart[] = [];
        const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
        let from: { a: Place; b: Place } | undefined;
        for (let ended = false; !ended; ) {
          ended = true;
          for (const { part, progress } of compareLogs(
            readerOf(text(a), from?.a),
            readerOf(text(b), from?.b),
            exactKey,
          )) {
            addPart(cut, part);
            from = progress();
            ended = false;
            break;
          }
        }
        expect(cut.reduce((sum, { countA }) => sum + countA, 0)).toBe(a.length);
        expect(cut.reduce((sum, { countB }) => sum + countB, 0)).toBe(b.length);
      }),
    );
  });
});

describe('lines that differ only in parts that change from run to run', () => {
  const keyOf = foldedKey(['wn042.example.org', 'wn043.example.org']);
  it.each([
    ['times and dates', '2026-11-28 03:12:44 start', '2026-11-29 04:00:01 start'],
    ['addresses', 'object at 0x7f3a99d0', 'object at 0x7ffc1230'],
    ['process ids', 'pid 4711 ended', 'pid 88 ended'],
    ['hosts', 'running on wn042.example.org', 'running on wn043.example.org'],
    ['temporary paths', 'wrote /tmp/tmp.a81Hbc/x.root', 'wrote /var/tmp/tmp.Zz9q1k/x.root'],
  ])('are equal: %s', (_, a, b) => {
    expect(keyOf(a)).toBe(keyOf(b));
    expect(shapeOf(compare([a], [b], keyOf))).toEqual(['= 1+1 1+1']);
    expect(shapeOf(compare([a], [b]))).toEqual(['~ 1+1 1+1']);
  });

  it('and others are not', () => {
    expect(keyOf('E-Rec: no tracks')).not.toBe(keyOf('E-Rec: no clusters'));
    expect(keyOf('exit status 1')).not.toBe(keyOf('exit status 139'));
  });
});

describe('aligned lines', () => {
  it('keep a moved block together, by lines that occur once', () => {
    const a = ['{', 'one', '}', '{', 'two', '}'];
    const b = ['{', 'new', '}', '{', 'one', '}', '{', 'two', '}'];
    expect(align(a, b).filter(({ same }) => !same)).toMatchObject([{ countA: 0, countB: 3 }]);
  });

  it('count as changed altogether where they have too little in common, in a moment', () => {
    const many = (word: string): string[] => Array.from({ length: 20_000 }, (_, n) => `${word} ${n % 7000}`);
    const start = Date.now();
    expect(align(many('a'), many('b'))).toEqual([{ same: false, a: 0, b: 0, countA: 20_000, countB: 20_000 }]);
    expect(Date.now() - start).toBeLessThan(10_000);
  });
});

it('the step that does the same has the same name, or the same place in the same stage', () => {
  const steps = (...ids: string[]) => ids.map((id) => ({ id, stage: id.replace(/\d+$/, '') }));
  const own = steps('sim1', 'sim2', 'rec1');
  expect(counterpart(own, 'sim2', steps('sim1', 'sim2'))).toBe('sim2');
  expect(counterpart(own, 'sim2', steps('sim10', 'sim11', 'rec5'))).toBe('sim11');
  expect(counterpart(own, 'rec1', steps('sim10', 'rec5'))).toBe('rec5');
  expect(counterpart(own, 'rec1', steps('sim10'))).toBeUndefined();
  expect(counterpart(own, 'none', steps('sim1'))).toBeUndefined();
});

describe('a log that is read line by line', () => {
  it('has all lines, also long ones, ones without an end, and characters at the edge of a block', () => {
    const long = 'ü'.repeat(600_000);
    const lines = ['a\r', long, 'x'.repeat(3_000_000), '', 'last'];
    const reader = readerOf(lines.join('\n'));
    const texts: string[] = [];
    const offsets: number[] = [];
    for (let line = reader.read(); line; line = reader.read()) {
      texts.push(line.text);
      offsets.push(line.offset);
    }
    expect(texts).toEqual(['a', `${'ü'.repeat(2000)}…`, `${'x'.repeat(2000)}…`, '', 'last']);
    expect(readerOf(lines.join('\n'), { line: 5, offset: offsets[4] as number }).read()?.text).toBe('last');
  });
});
