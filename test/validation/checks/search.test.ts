import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable } from '../../../validation/checks/key-table.ts';
import { Searcher } from '../../../validation/checks/search.ts';

/** A naive search: it compares at every place. */
function everyPlace(texts: readonly string[], bytes: Buffer, from: number, to: number, anyCase = false): string[] {
  const same = (a: string, b: string) => a === b || (anyCase && a.toLowerCase() === b.toLowerCase());
  const found: string[] = [];
  for (let start = from; start < to; start++) {
    for (const [index, text] of texts.entries()) {
      if (same(bytes.toString('latin1', start, start + text.length), text)) found.push(`${index}@${start}`);
    }
  }
  return found;
}

function searched(texts: readonly string[], bytes: Buffer, from: number, to: number, anyCase = false): string[] {
  const found = new Searcher(texts.map((text) => ({ text, anyCase }))).search(bytes, from, to);
  return found.map(({ text, start }) => `${text}@${start}`);
}

describe('Searcher', () => {
  it('finds the same as a naive search, for any texts in any bytes', () => {
    const word = (least: number, most: number) =>
      fc.string({ unit: fc.constantFrom('a', 'b', 'A', ':', ' '), minLength: least, maxLength: most });
    fc.assert(
      fc.property(
        fc.uniqueArray(word(2, 9), { minLength: 1, maxLength: 6 }),
        word(0, 200),
        fc.nat(50),
        fc.nat(200),
        fc.boolean(),
        (texts, text, from, to, anyCase) => {
          const bytes = Buffer.from(text);
          const end = Math.min(to, bytes.length);
          expect(searched(texts, bytes, from, end, anyCase)).toEqual(everyPlace(texts, bytes, from, end, anyCase));
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

  it('finds texts of five and six bytes between any others, and reads no more keys for them', () => {
    const texts = ['F-Ali', 'Killed', 'received signal'];
    expect(new KeyTable(new Map(texts.map((text, index) => [index, Buffer.from(text)]))).stride).toBe(4);
    const searcher = new Searcher(texts.map((text) => ({ text })));
    for (let byte = 0; byte < 256; byte++) {
      for (const [text, wanted] of texts.entries()) {
        const bytes = Buffer.concat([Buffer.from([byte]), Buffer.from(wanted), Buffer.from([byte])]);
        for (const start of [0, 1]) {
          for (const end of [bytes.length - 1, bytes.length]) {
            const part = bytes.subarray(start, end);
            expect(searcher.search(part, 0, part.length)).toEqual([{ text, start: 1 - start }]);
          }
        }
      }
    }
  });

  it('finds texts that are longer than a stride', () => {
    const long = 'x'.repeat(300);
    expect(searched([long], Buffer.from(`yy${long}`), 0, 302)).toEqual(['0@2']);
  });

  it('puts many matches of short texts in their order in less than a second', () => {
    const lines = 200_000;
    const bytes = Buffer.from('abc Killed xyz\n'.repeat(lines));
    const searcher = new Searcher(['abc', 'Killed', 'xyz'].map((text) => ({ text })));
    const before = process.cpuUsage();
    const found = searcher.search(bytes, 0, bytes.length);
    const { user, system } = process.cpuUsage(before);
    expect(found).toHaveLength(3 * lines);
    expect((user + system) / 1e6).toBeLessThan(1);
  });

  it('finds nothing without texts', () => {
    expect(searched([], Buffer.from('text'), 0, 4)).toEqual([]);
  });
});
