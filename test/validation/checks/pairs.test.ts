import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { LogRule } from '../../../validation/checks/rules.ts';
import { scanStepLogs } from '../../../validation/checks/step-logs.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-pairs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Pair {
  wanted: string;
  about: string;
  one: string;
  other: string;
}

function pairs(): Pair[] {
  const file = join(import.meta.dirname, '../../fixtures/checks/pairs.txt');
  const lines = readFileSync(file, 'utf8')
    .replace(/^#.*\n/gm, '')
    .split('\n');
  const filled = lines.filter((line) => line !== '');
  const found: Pair[] = [];
  for (let i = 0; i + 2 < filled.length; i += 3) {
    const [, wanted = '', about = ''] = /^(same|different) (.*)/.exec(filled[i] as string) ?? [];
    found.push({ wanted, about, one: unescaped(filled[i + 1] as string), other: unescaped(filled[i + 2] as string) });
  }
  return found;
}

function unescaped(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\r', '\r').replaceAll('\\e', '\x1b');
}

/** The fingerprint of the only finding in a log, made by a rule for its first line. */
async function printOf(text: string): Promise<string | undefined> {
  writeFileSync(join(directory, 'rec.log'), `${text}\n`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal sequence is what the log begins with
  const line = (text.split('\n')[0] ?? '').replace(/\x1b\[[\d;]*m/g, '').replace(/^.*\r/s, '');
  const rule: LogRule = { id: 'a-line', contains: [line], severity: 'error', trace: true };
  const logs = { step: 'sim', stage: 'sim', attempt: 1, directory, files: ['rec.log'] };
  const [first, ...others] = await scanStepLogs(logs, [rule], { now: 0 });
  expect(others).toEqual([]);
  return first?.fingerprint;
}

describe('fingerprints of pairs of errors', () => {
  it.each(pairs())('are $wanted: $about', async ({ wanted, one, other }) => {
    const [first, second] = [await printOf(one), await printOf(other)];
    expect(first).toBeDefined();
    expect(first === second ? 'same' : 'different').toBe(wanted);
  });

  it('are of many kinds', () => {
    expect(pairs().length).toBeGreaterThanOrEqual(120);
    expect(new Set(pairs().map(({ wanted }) => wanted))).toEqual(new Set(['same', 'different']));
  });
});
