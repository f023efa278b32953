import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Searcher } from '../../../validation/checks/search.ts';

/** A naive search: it compares at every place. */
function everyPlace(texts: readonly string[], bytes: Buffer, from: number, to: number): string[] {
  const found: string[] = [];
  for (let start = from; start < to; start++) {
    for (const [index, text] of texts.entries()) {
      if (bytes.subarray(start, start + text.length).equals(Buffer.from(text))) found.push(`${index}@${start}`);
    }
  }
  return found.sort();
}

function searched(texts: readonly string[], bytes: Buffer, from: number, to: number): string[] {
  const found = new Searcher(texts.map((text) => ({ text }))).search(bytes, from, to);
  return found.map(({ text, start }) => `${text}@${start}`).sort();
}

describe('Searcher', () => {
  it('finds the same as a naive search, for any texts in any bytes', () => {
    const word = (least: number, most: number) =>
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', ':', ' '), minLength: least, maxLength: most });
    fc.assert(
      fc.property(
        fc.uniqueArray(word(2, 9), { minLength: 1, maxLength: 6 }),
        word(0, 200),
        fc.nat(50),
        fc.nat(200),
        (texts, text, from, to) => {
          const bytes = Buffer.from(text);
          const end = Math.min(to, bytes.length);
          expect(searched(texts, bytes, from, end)).toEqual(everyPlace(texts, bytes, from, end));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('reports a text that begins in the range and ends after it, but not one that the bytes cut off', () => {
    const bytes = Buffer.from('..Killed..Kil');
    expect(searched(['Killed'], bytes, 0, 3)).toEqual(['0@2']);
    expect(searched(['Killed'], bytes, 0, 2)).toEqual([]);
    expect(searched(['Killed'], bytes, 3, bytes.length)).toEqual([]);
  });

  it('finds texts that are longer than a stride', () => {
    const long = 'x'.repeat(300);
    expect(searched([long], Buffer.from(`yy${long}`), 0, 302)).toEqual(['0@2']);
  });

  it('finds nothing without texts', () => {
    expect(searched([], Buffer.from('text'), 0, 4)).toEqual([]);
  });
});
