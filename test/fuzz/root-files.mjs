// node test/fuzz/root-files.mjs [--minutes 3] [--seed 1]
// Damages real ROOT files and compares each with what it was: single bits, bytes, ranges, lengths, missing ends. Whatever
// comes, the comparison must end in time, no object may be lost without a state, and nothing may be called identical whose
// cells differ. Prints what broke that, with the seed and the number of the case; ends with 1 then.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareFiles } from '../../dist/modules/validation/histograms/compare-files.js';
import { randomOf } from '../bench/random.mjs';

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string', default: '1' } },
});
const FILES = join(import.meta.dirname, '..', 'fixtures', 'root');
/** Seconds that a case may take: these files are small. */
const PATIENCE = 30;
const { uniform: random } = randomOf(Number(flags.seed));
const pick = (/** @type {number} */ n) => Math.floor(random() * n);
const dir = mkdtempSync(join(tmpdir(), 'root-fuzz-'));
const names = readdirSync(FILES).filter((name) => name.endsWith('.root'));

/** @type {Record<string, (bytes: Buffer) => Buffer>} */
const DAMAGES = {
  bit(bytes) {
    const at = pick(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
    return bytes;
  },
  'bit of the header'(bytes) {
    const at = pick(Math.min(bytes.length, 300));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
    return bytes;
  },
  byte(bytes) {
    bytes[pick(bytes.length)] = pick(256);
    return bytes;
  },
  range(bytes) {
    const from = pick(bytes.length);
    const to = Math.min(bytes.length, from + pick(200));
    for (let at = from; at < to; at++) bytes[at] = pick(256);
    return bytes;
  },
  length(bytes) {
    if (bytes.length > 8)
      bytes.writeInt32BE([0, -1, 1e9, 0x7fffffff, -0x80000000, 1][pick(6)] ?? 0, pick(bytes.length - 4));
    return bytes;
  },
  end: (bytes) => bytes.subarray(0, pick(bytes.length)),
  swap(bytes) {
    const [a, b, n] = [pick(bytes.length), pick(bytes.length), pick(64)];
    const kept = Buffer.from(bytes.subarray(a, a + n));
    bytes.copy(bytes, a, b, b + n);
    kept.copy(bytes, b);
    return bytes;
  },
};

let cases = 0;
let broken = 0;
/** @type {Map<string, number>} */
const outcomes = new Map();
const say = (/** @type {string} */ text) => {
  broken++;
  console.log(`case ${cases}: ${text}`);
};
const end = Date.now() + Number(flags.minutes) * 60_000;

try {
  /** @type {Map<string, Set<string>>} */
  const objects = new Map();
  for (const name of names) {
    const good = join(FILES, name);
    objects.set(name, new Set((await compareFiles(good, [good], 0)).objects.map((one) => one.name)));
  }
  while (Date.now() < end) {
    const name = names[pick(names.length)] ?? '';
    const kinds = Object.keys(DAMAGES);
    const kind = kinds[pick(kinds.length)] ?? 'bit';
    const good = join(FILES, name);
    const bad = join(dir, 'damaged.root');
    writeFileSync(bad, DAMAGES[kind]?.(Buffer.from(readFileSync(good))) ?? '');
    cases++;
    const what = `${name}, ${kind}`;
    const started = Date.now();
    try {
      const result = await compareFiles(bad, [good], 0, { pictures: 1e9 });
      const { verdict, ended, reason } = result;
      outcomes.set(verdict, (outcomes.get(verdict) ?? 0) + 1);
      if (ended !== undefined) say(`${what}: ${ended}`);
      if (reason === '' || result.objects.some((one) => one.reason === '')) say(`${what}: no reason`);
      if (verdict !== 'not readable') {
        const seen = new Set(result.objects.map((one) => one.name));
        for (const wanted of objects.get(name) ?? []) if (!seen.has(wanted)) say(`${what}: ${wanted} is lost`);
      }
      for (const { name: object, state, picture } of result.objects) {
        if (state !== 'identical' || !picture) continue;
        const lists = [picture.own, picture.reference, picture.ownError ?? [], picture.referenceError ?? []];
        const [own, reference, ownError, referenceError] = lists.map((list) => JSON.stringify(list));
        if (own !== reference || ownError !== referenceError) say(`${what}: ${object} is called identical`);
      }
    } catch (error) {
      say(`${what}: ${String(error)}`);
    }
    if (Date.now() - started > PATIENCE * 1000) say(`${what}: took ${Date.now() - started} ms`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
console.log(`${cases} cases, ${broken} broken; ${[...outcomes].map(([verdict, n]) => `${n} ${verdict}`).join(', ')}`);
process.exitCode = broken > 0 ? 1 : 0;
