import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LIMITS } from '../../../validation/histograms/model.ts';
import { CapturedConsole } from '../../../validation/histograms/read/console.ts';
import { RootFile } from '../../../validation/histograms/read/file.ts';
import { type Entry, walk } from '../../../validation/histograms/read/walk.ts';
import { FIXTURES } from './program.ts';

const dir = mkdtempSync(join(tmpdir(), 'relval-same-record-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const original = readFileSync(join(FIXTURES, 'qa_ref.root'));

/** For each record of qa_ref.root, whether the changed copy has the same. @param change changes the copy */
async function same(change: (bytes: Buffer, at: number) => void): Promise<boolean[]> {
  const path = join(dir, 'copy.root');
  const captured = new CapturedConsole();
  const file = await RootFile.open(join(FIXTURES, 'qa_ref.root'), LIMITS, captured);
  const records = await walk(file, LIMITS.objects);
  const copy = Buffer.from(original);
  const [{ key: first }] = records as [Entry];
  change(copy, first.fSeekKey + first.fKeylen);
  writeFileSync(path, copy);
  const other = await RootFile.open(path, LIMITS, captured);
  const others = await walk(other, LIMITS.objects);
  const result = records.map(({ key }, i) => file.hasSame(key, other, (others[i] as Entry).key));
  for (const one of [file, other]) one.close();
  captured.release();
  return result;
}

it('every record of a copy is the same', async () => {
  expect(new Set(await same(() => undefined))).toEqual(new Set([true]));
});

it('a record with another byte is not the same, and the others are', async () => {
  const [first, ...others] = await same((bytes, at) => bytes.writeUInt8((bytes[at + 12] as number) ^ 1, at + 12));
  expect(first).toBe(false);
  expect(new Set(others)).toEqual(new Set([true]));
});

it('a record whose own key is wrong is not the same: reading it tells why', async () => {
  const [broken] = await same((bytes) => {
    const seek = original.indexOf('hEvents');
    bytes.write('hEvemts', seek, 'latin1');
  });
  expect(broken).toBe(false);
});
