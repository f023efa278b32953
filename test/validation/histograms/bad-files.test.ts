import { readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareFiles, type FileComparison } from '../../../validation/histograms/compare-files.ts';
import { LIMITS } from '../../../validation/histograms/model.ts';
import { buildProgram, FIXTURES } from './program.ts';
import { listOf, recordOf, rootFile, type TestRecord, writeHistograms } from './root-writer.ts';

let built: Awaited<ReturnType<typeof buildProgram>>;
beforeAll(async () => {
  built = await buildProgram();
});
afterAll(() => built.remove());

const good = join(FIXTURES, 'qa_ref.root');
const content = [3, 20, 50, 21, 4];

/** Compares a file of these bytes with a reference. */
function compare(bytes: Buffer | string, reference = good, limits = LIMITS): Promise<FileComparison> {
  const file = join(built.dir, 'new.root');
  writeFileSync(file, bytes);
  return compareFiles(file, [reference], 0, { program: built.program, limits });
}

/** Compares a file of these records with itself. */
async function compareWithItself(records: TestRecord[], options = {}, limits = LIMITS): Promise<FileComparison> {
  const reference = join(built.dir, 'reference.root');
  const bytes = rootFile(records, options);
  writeFileSync(reference, bytes);
  return compare(bytes, reference, limits);
}

describe('a file that cannot be read', () => {
  const bytes = readFileSync(good);
  it.each<[string, Buffer | string, RegExp]>([
    ['is empty', '', /the file is empty/],
    ['is no ROOT file', 'PK\x03\x04 a zip archive, or whatever else there may be in its place', /it is no ROOT file/],
    ['has only its first letters', 'root', /cut off: it has only 4 bytes/],
    ['is cut off', bytes.subarray(0, 30_000), /cut off: 30000 of \d+ bytes are there/],
    ['grew after its header was written', Buffer.concat([bytes, Buffer.alloc(1000)]), /was not closed/],
    ['was never closed', notClosed(bytes), /was not closed/],
  ])('%s', async (_, text, reason) => {
    const { verdict, reason: said, problems, objects } = await compare(text);
    expect({ verdict, objects, problems: problems.length }).toEqual({
      verdict: 'not readable',
      objects: [],
      problems: 1,
    });
    expect(said).toMatch(reason);
  });

  it('is a directory, missing, or a device', async () => {
    const of = (path: string) => compareFiles(path, [good], 0, { program: built.program });
    expect((await of(built.dir)).reason).toMatch(/not a regular file/);
    expect((await of(join(built.dir, 'nothing'))).reason).toMatch(/there is no such file/);
    const link = join(built.dir, 'link.root');
    symlinkSync('/dev/zero', link);
    expect((await of(link)).reason).toMatch(/not a regular file/);
  });

  it('is one of several references: it is named, and the others count', async () => {
    const { verdict, problems } = await compareFiles(good, [join(FIXTURES, 'README.md'), good], 0, {
      program: built.program,
    });
    expect({ verdict, problems }).toEqual({
      verdict: 'compatible',
      problems: [{ file: join(FIXTURES, 'README.md'), reason: 'it is no ROOT file' }],
    });
  });

  function notClosed(whole: Buffer): Buffer {
    const copy = Buffer.from(whole);
    copy.writeInt32BE(0, 16);
    return copy;
  }
});

describe('damage', () => {
  /** A seed, so that each failure can be repeated. */
  function randomOf(seed: number): () => number {
    let state = seed;
    return () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
  }

  it('to single bits of a compressed file is always noticed', async () => {
    const whole = readFileSync(join(FIXTURES, 'qa_ref.root'));
    const random = randomOf(15);
    for (let n = 0; n < 25; n++) {
      const bytes = Buffer.from(whole);
      const at = 100 + Math.floor(random() * (bytes.length - 100));
      bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8));
      const { verdict, objects, reason } = await compare(bytes);
      const states = new Set(objects.map(({ state }) => state));
      // A changed bit in a date or a title does no harm.
      const isFine =
        verdict === 'compatible' && objects.length === 15 && [...states].every((one) => one === 'identical');
      expect(isFine || verdict !== 'compatible', `bit at ${at}: ${verdict}, ${reason}`).toBe(true);
      expect(reason).not.toMatch(/process ended|took more/);
    }
  });

  it('by cuts at many places, with a corrected header, is reported', async () => {
    const whole = readFileSync(good);
    for (const share of [0.005, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]) {
      const bytes = Buffer.from(whole.subarray(0, Math.round(share * whole.length)));
      bytes.writeInt32BE(bytes.length, 12);
      const { verdict } = await compare(bytes);
      expect(verdict, `cut at ${share}`).not.toBe('compatible');
    }
  });

  it.each([
    ['its key is too short', { stored: -60 }],
    ['its key says 2 GB', { stored: 2 ** 31 - 200 }],
    ['its key says less than it has', { stored: 10 }],
    ['its contents are said to be longer', { length: 5000 }],
    ['it is said to be beyond the end', { seek: 10 ** 9 }],
    ['it is said to be where another is', { seek: 100 }],
  ])('of one record: %s', async (_, sizes) => {
    const records = [recordOf({ name: 'good', content }), { ...recordOf({ name: 'bad', content }), sizes }];
    const { objects, verdict } = await compareWithItself(records);
    expect(verdict).toBe('different');
    const states = Object.fromEntries(objects.map(({ name, state }) => [name, state]));
    expect(states).toEqual({ good: 'identical', bad: 'not readable' });
  });

  it('is a class that the file does not describe, or describes wrongly', async () => {
    const data = recordOf({ name: 'h', content }).data;
    const records = [
      { name: 'unknown', className: 'AliUnknown', data },
      { name: 'other', className: 'TH2F', data },
    ];
    const { objects } = await compareWithItself(records);
    expect(objects.map(({ name, state }) => [name, state])).toEqual([
      ['unknown', 'not readable'],
      ['other', 'not readable'],
    ]);
    expect(objects.find(({ name }) => name === 'unknown')?.reason).toMatch(/does not describe the class AliUnknown/);
  });
});

describe('hostile files', () => {
  it('have names and titles with special characters', async () => {
    const names = [
      '__proto__',
      'constructor',
      'toString',
      '<script>alert(1)</script>',
      '\u001b[31mred',
      'a"b\'c;1',
      '../../etc/passwd',
      'ends with a line\n{"done":true}',
      'Ünïcode π⁺',
      ' ',
    ];
    const { objects, verdict } = await compareWithItself(
      names.map((name) => recordOf({ name, title: 'x<img src=x onerror=alert(1)>', content })),
    );
    expect(verdict).toBe('compatible');
    expect(objects.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(objects.every(({ state }) => state === 'identical')).toBe(true);
  });

  it('have axes without a scale: neither equal nor a picture that cannot be drawn', async () => {
    const axes = [
      { bins: 3, low: Number.NaN, high: 1 },
      { bins: 3, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
      { bins: 3, low: 1, high: 1 },
    ];
    const { objects } = await compareWithItself(
      axes.map((x, index) => recordOf({ name: `h${index}`, x, content: [1, 2, 3] })),
    );
    expect(objects.map(({ state, reason, picture }) => [state, reason, picture])).toEqual(
      axes.map(() => ['not readable', 'an axis has no bins', undefined]),
    );
  });

  it('have names with a zero byte, or two names that read the same', async () => {
    const names = ['a\0b', 'a␀b', 'a'];
    const { objects } = await compareWithItself(names.map((name) => recordOf({ name, content })));
    expect(objects.map(({ name }) => name).sort()).toEqual(['a', 'a␀b', 'a␀b#2'].sort());
  });

  it('have a title of 10 MB', async () => {
    const { objects, verdict } = await compareWithItself([
      { ...recordOf({ name: 'h', title: 'x'.repeat(10 * 2 ** 20), content }), title: '' },
    ]);
    expect(verdict).toBe('compatible');
    expect(objects[0]?.title.length).toBeLessThan(1000);
  });

  it('have an object of 400 MB in a few compressed bytes', async () => {
    const data = Buffer.alloc(400 * 2 ** 20);
    const huge = { name: 'huge', className: 'TH1F', data };
    const { objects } = await compareWithItself([huge, recordOf({ name: 'h', content })], { compress: true });
    expect(objects.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['huge', 'not readable', 'it has 400 MB, and no more than 256 MB are read'],
      ['h', 'identical', 'all its numbers are the same'],
    ]);
  });

  it('have a directory that contains itself', async () => {
    const { objects } = await compareWithItself([recordOf({ name: 'h', content })], { directory: 'd', loop: true });
    expect(objects.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['d/d', 'not readable', 'the directory contains itself'],
      ['d/h', 'identical', 'all its numbers are the same'],
    ]);
  });

  it('have thousands of histograms, and more than are read', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => recordOf({ name: `h${i}`, content }));
    const all = await compareWithItself(many);
    expect(all.counts.identical).toBe(5000);
    const few = await compareWithItself(many, {}, { ...LIMITS, objects: 1000 });
    expect(few.verdict).toBe('not readable');
    expect(few.reason).toMatch(/list of keys is damaged|more than 1000/);
  });

  it('have members of unknown classes in a list: the others are read', async () => {
    const members = [...Array(300).keys()].map((i) => ({ name: `h${i}`, content, className: `AliUnknown${i}` }));
    const { counts } = await compareWithItself([listOf('list', [...members, { name: 'h', content }])]);
    expect([counts['not readable'], counts.identical]).toEqual([300, 1]);
  });

  it('say that they have more members than they have', async () => {
    const list = listOf('list', [{ name: 'h', content }]);
    const at = list.data.indexOf(Buffer.from([0, 0, 0, 1, 0x40]));
    list.data.writeUInt32BE(0xfffffff0, at);
    const { objects } = await compareWithItself([list]);
    expect(objects.map(({ state }) => state)).toEqual(['not readable']);
  });

  it('take too long, or too much memory: reading ends with a reason', async () => {
    const path = join(built.dir, 'slow.root');
    writeHistograms(path, [{ name: 'h', content: new Float32Array(2_000_000).fill(1) }]);
    const slow = await compareFiles(path, [path], 0, { program: built.program, limits: { ...LIMITS, seconds: 0.01 } });
    expect(slow.verdict).toBe('not readable');
    expect(slow.reason).toMatch(/took more than 0.01 s/);
    const large = await compareFiles(path, [path], 0, {
      program: built.program,
      limits: { ...LIMITS, memoryBytes: 1e6 },
    });
    expect(large.reason).toMatch(/took more than 1 MB/);
  });

  it('become shorter while they are read: they never match', async () => {
    const path = join(built.dir, 'shrinks.root');
    writeFileSync(path, readFileSync(good));
    truncateSync(path, 1000);
    const { verdict } = await compareFiles(path, [good], 0, { program: built.program });
    expect(verdict).toBe('not readable');
  });
});
