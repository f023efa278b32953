import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../validation/report/model.ts';
import { parseAnsi } from '../../../validation/web/log/ansi.ts';
import { highlight, matcherOf } from '../../../validation/web/log/highlight.ts';
import { landingOf } from '../../../validation/web/log/landing.ts';
import { formatRange, parseRange, rangeOf } from '../../../validation/web/log/line-range.ts';
import { LogLines } from '../../../validation/web/log/log-lines.ts';
import { fileOf, streamOf } from '../../../validation/web/log/streams.ts';

const ESC = '\u001b';

describe('a line with control sequences', () => {
  it('has colours and weights, also of 256 and of 16 million', () => {
    expect(parseAnsi(`a${ESC}[1;31mb${ESC}[0mc${ESC}[38;5;196md${ESC}[38;2;0;200;0me${ESC}[39;44mf`).spans).toEqual([
      { text: 'a' },
      { text: 'b', bold: true, fg: 'red' },
      { text: 'c' },
      { text: 'd', fg: 'red' },
      { text: 'e', fg: 'green' },
      { text: 'f', bg: 'blue' },
    ]);
  });

  it('ignores all else: movements, titles and links are removed, invisible characters are shown', () => {
    const line = `${ESC}[2J${ESC}[10;3Hx${ESC}]0;title\u0007y${ESC}]8;;http://bad${ESC}\\z\u0007\u202e`;
    expect(
      parseAnsi(line)
        .spans.map(({ text }) => text)
        .join(''),
    ).toBe('xyz\\x07\\u202e');
  });

  it('shows the text after a carriage return, and counts the overwritten texts', () => {
    expect(parseAnsi('10 %\r20 %\r30 %')).toEqual({ spans: [{ text: '30 %' }], overwritten: 2 });
    expect(parseAnsi('whole line\r')).toEqual({ spans: [{ text: 'whole line' }], overwritten: 0 });
    expect(parseAnsi('')).toEqual({ spans: [], overwritten: 0 });
  });

  it('never shows a control character, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(ESC, '[', ']', '31', 'm', ';', '\u0007', '\r', 'x', '\u009b', '38;5;')),
        (parts) => {
          const text = parseAnsi(parts.join(''))
            .spans.map((span) => span.text)
            .join('');
          return ![...text].some((one) => one < ' ' || (one >= '\u007f' && one < '\u00a0'));
        },
      ),
    );
  });
});

describe('the searched text', () => {
  it('is marked across colours', () => {
    const spans = parseAnsi(`seg${ESC}[31mfault here`).spans;
    const parts = highlight(spans, matcherOf({ text: 'SEGFAULT', regex: false, case: false }));
    expect(parts).toEqual([
      { text: 'seg', hit: true },
      { text: 'fault', fg: 'red', hit: true },
      { text: ' here', fg: 'red' },
    ]);
  });

  it('is taken literally unless it is an expression; an invalid expression marks nothing', () => {
    expect(matcherOf({ text: 'a.b(', regex: false, case: true })?.test('a.b(')).toBe(true);
    expect(matcherOf({ text: 'a.b(', regex: true, case: true })).toBeUndefined();
    expect(matcherOf({ text: '', regex: false, case: true })).toBeUndefined();
  });
});

describe('links to lines', () => {
  it('are read and written', () => {
    expect(parseRange('#L120')).toEqual({ from: 120, to: 120 });
    expect(parseRange('#L140-L120')).toEqual({ from: 120, to: 140 });
    expect(formatRange({ from: 120, to: 140 })).toBe('#L120-L140');
    expect(formatRange({ from: 7, to: 7 })).toBe('#L7');
    expect(rangeOf(0, 5)).toBeUndefined();
    for (const hash of ['', '#', '#L', '#L0', '#L1-', '#Lx', '#L1x']) expect(parseRange(hash)).toBeUndefined();
  });
});

describe('the lines of a log', () => {
  it('grow by pieces that end anywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'bc', '\n', 'd\ne', '\r\n')), (pieces) => {
        const lines = new LogLines();
        for (const piece of pieces) lines.append(piece);
        const text = pieces.join('');
        const expected = text.split('\n');
        if (expected.at(-1) === '') expected.pop();
        const got = Array.from({ length: lines.total }, (_, n) => lines.get(n + 1)?.replace(/\r$/, ''));
        expect(got).toEqual(expected.map((line) => line.replace(/\r$/, '')));
        expect(lines.unfinished).toBe(text !== '' && !text.endsWith('\n'));
      }),
    );
  });

  it('go on where a known log ended', () => {
    const lines = new LogLines();
    lines.put(99, ['x', 'half']);
    lines.total = 100;
    lines.unfinished = true;
    lines.append(' a line\nnext\n');
    expect([lines.total, lines.get(100), lines.get(101)]).toEqual([101, 'half a line', 'next']);
    expect(lines.missing(95, 101)).toEqual({ from: 95, to: 98 });
    expect(lines.missing(99, 500)).toBeUndefined();
  });

  it('have the times of their first bytes, where these are known', () => {
    const lines = new LogLines();
    lines.put(1, ['a', 'b'], [1000, null]);
    lines.total = 2;
    expect([lines.timeOf(1), lines.timeOf(2)]).toEqual([1000, undefined]);
    lines.append('c\nhal', [3000, 3200]);
    // The time of an unfinished line is the arrival of its beginning.
    lines.append('f\nlast\n', [4000, 4200]);
    expect([3, 4, 5].map((line) => [lines.get(line), lines.timeOf(line)])).toEqual([
      ['c', 3000],
      ['half', 3200],
      ['last', 4200],
    ]);
    lines.clear();
    lines.append('old\n');
    expect(lines.timed).toBe(false);
  });

  it('are given up far from those that are looked at, however many come', () => {
    const lines = new LogLines();
    for (let n = 0; n < 300; n++) {
      lines.append('0123456789\n'.repeat(1000));
      lines.evict(500, 600);
    }
    expect(lines.total).toBe(300_000);
    expect(lines.missing(400, 700)).toBeUndefined();
    expect(lines.get(150_000)).toBeUndefined();
    expect(lines.get(300_000)).toBe('0123456789');
  });
});

it('streams are files of an attempt', () => {
  for (const stream of ['stdout', 'stderr', 'logs/rec.log']) expect(streamOf(fileOf(stream))).toBe(stream);
  expect(fileOf('stdout')).toBe('stdout.log');
});

describe('a step opens', () => {
  const found = (rest: Partial<Finding>): Finding => ({
    ...{ step: 's', stage: 's', attempt: 1, severity: 'error', rule: 'r', message: 'm', file: 'logs/rec.log', line: 7 },
    ...rest,
  });

  it('at a new error with a line, before known errors, warnings and findings without a line', () => {
    const worst = found({ age: 'new', line: 9 });
    const others = [
      found({ severity: 'warning', age: 'new', line: 1 }),
      found({ age: 'known', line: 2 }),
      found({ severity: 'info', line: 3 }),
    ];
    expect(landingOf([...others, worst])).toEqual({ attempt: 1, stream: 'logs/rec.log', line: 9 });
  });

  it('in the latest attempt with findings, or in the requested one', () => {
    const both = [found({ line: 1 }), found({ attempt: 2, file: 'stderr.log', line: 5 })];
    expect(landingOf(both)).toEqual({ attempt: 2, stream: 'stderr', line: 5 });
    expect(landingOf(both, 1)).toEqual({ attempt: 1, stream: 'logs/rec.log', line: 1 });
  });

  it('at the end of the log that has its last lines, and at no place if no log has a finding', () => {
    const { file, line, ...silent } = found({ rule: 'exit-status' });
    expect(landingOf([{ ...silent, lastLines: { file: 'stderr.log', lines: ['x'] } }])).toEqual({
      attempt: 1,
      stream: 'stderr',
    });
    expect(landingOf([silent])).toBeUndefined();
    expect(landingOf([])).toBeUndefined();
  });
});
