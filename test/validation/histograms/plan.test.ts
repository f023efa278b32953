import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { Plans } from '../../../validation/histograms/read/plan.ts';
import { randomOf } from '../../bench/random.mjs';
import { objectsIn } from './objects.ts';
import { FIXTURES } from './program.ts';
import { recordOf, rootFile, type TestRecord } from './root-writer.ts';

const dir = mkdtempSync(join(tmpdir(), 'relval-plan-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

/** The objects of a file, or why it has none: read with plans, and by jsroot alone. `planned`: how many records a plan read. */
async function bothWays(path: string) {
  const read = vi.spyOn(Plans.prototype, 'read');
  const withPlans = await objectsIn(path).catch(String);
  const planned = read.mock.results.filter((one) => one.value !== undefined).length;
  read.mockReturnValue(undefined);
  const alone = await objectsIn(path).catch(String);
  read.mockRestore();
  return { withPlans, alone, planned };
}

const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.root'));

it.each(names)('a plan gives the same as jsroot alone: %s', async (name) => {
  const { withPlans, alone } = await bothWays(join(FIXTURES, name));
  expect(withPlans).toEqual(alone);
});

it.each([
  ['qa_ref.root', 11],
  ['gauss-h1.root', 4],
  ['tprofile.root', 2],
  ['tree_cycles_hist.root', 4],
])('plans read the usual histograms of %s', async (name, least) => {
  expect((await bothWays(join(FIXTURES, name))).planned).toBeGreaterThanOrEqual(least);
});

const x = { bins: 40, low: 0, high: 4 };
const records = [
  recordOf({ name: 'line', title: 'a;b', x, content: Array.from({ length: 40 }, (_, i) => i) }),
  recordOf({ name: 'plane', x, y: { ...x, bins: 3 }, content: Array.from({ length: 120 }, (_, i) => i % 7) }),
];

/** Changes a bit, a byte or a length of a record, or cuts its end. */
function damaged(record: TestRecord, uniform: () => number): TestRecord {
  const pick = (n: number): number => Math.floor(n * uniform());
  const data = Buffer.from(record.data);
  const at = pick(data.length - 4);
  const kind = pick(4);
  if (kind === 0) data.writeUInt8(data.readUInt8(at) ^ (1 << pick(8)), at);
  else if (kind === 1) data.writeUInt8(pick(256), at);
  else if (kind === 2) data.writeInt32BE([0, -1, 1, 1000, 0x7fffffff][pick(5)] ?? 0, at);
  return { ...record, data: kind === 3 ? data.subarray(0, at) : data };
}

it('a plan gives the same as jsroot alone for damaged records', async () => {
  const { uniform } = randomOf(1);
  let planned = 0;
  for (let n = 0; n < 300; n++) {
    const path = join(dir, 'damaged.root');
    writeFileSync(path, rootFile(records.map((record) => damaged(record, uniform))));
    const result = await bothWays(path);
    expect(result.withPlans, `case ${n}`).toEqual(result.alone);
    planned += result.planned;
  }
  // Most damage is in contents or colours, which make no record unusual.
  expect(planned).toBeGreaterThan(150);
});
