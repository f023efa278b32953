import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as otherWork } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { adsOf, eachAd, type JsonAd } from '../../../framework/htcondor/ads.ts';

const RECORDED = join(import.meta.dirname, '..', '..', 'fixtures', 'htcondor', 'condor_q_group_by.json');

async function* pieces(text: string, length: number) {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

async function adsIn(chunks: AsyncIterable<string>): Promise<JsonAd[]> {
  const ads: JsonAd[] = [];
  await eachAd(chunks, (ad) => void ads.push(ad));
  return ads;
}

describe('the answer of a tool', () => {
  it('has the same ads wherever it is cut', async () => {
    const text = readFileSync(RECORDED, 'utf8');
    const ads = adsOf(text);
    expect(ads).toHaveLength(14);
    for (const length of [1, 2, 3, 7, 100, 65_536]) expect(await adsIn(pieces(text, length))).toEqual(ads);
  });

  it('has no ads if it is empty', () => {
    expect([...adsOf(''), ...adsOf('[\n]\n')]).toEqual([]);
  });

  it('may have numbers that are none, and braces in texts and in ads of ads', () => {
    const text =
      '[\n{\n  "A": nan,\n  "B": -inf,\n  "C": "}\\n{",\n  "D": {\n    "E": 1\n  }\n}\n,\n{\n  "A": 2\n}\n]\n';
    expect(adsOf(text)).toEqual([{ A: 'nan', B: '-inf', C: '}\n{', D: { E: 1 } }, { A: 2 }]);
  });

  it.each([
    ['words', 'Error: no\n{\n}\n', '"Error: no" is in the place of an ad'],
    ['half an ad', '[\n{\n  "A": 1,\n', 'it ends with "[\\n{\\n  \\"A\\": 1,"'],
    ['what is not JSON', '[\n{\n  "A": one\n}\n]', 'not valid JSON'],
  ])('is refused if it is %s', (_, text, words) => {
    expect(() => adsOf(text)).toThrow(words);
  });

  it('does not keep other work waiting, however many ads it has', async () => {
    const ad = `{\n${Array.from({ length: 12 }, (_, at) => `  "Attribute${at}": "${'x'.repeat(40)}"`).join(',\n')}\n}\n`;
    const text = `[\n${Array(20_000).fill(ad).join(',\n')}]\n`;
    let isRead = false;
    let count = 0;
    const reading = eachAd(pieces(text, text.length), () => count++).then(() => {
      isRead = true;
    });
    let turns = 0;
    for (; !isRead; turns++) await otherWork();
    await reading;
    expect(count).toBe(20_000);
    expect(turns).toBeGreaterThan(5);
  });
});
