import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findNightly, type Nightly } from '../../../validation/schedule/nightly.ts';

/** Makes a nightly.yaml with one nightly `mc`; `lines` are its keys. It is removed after the test. */
export function nightlyFile(lines: string, defaults = 'timeZone: Europe/Zurich, local: true'): string {
  const dir = mkdtempSync(join(tmpdir(), 'relval-nightly-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'nightly.yaml');
  const text = lines
    .trim()
    .split('\n')
    .map((line) => `    ${line.trimEnd()}`);
  writeFileSync(file, `defaults: { ${defaults} }\nnightlies:\n  mc:\n${text.join('\n')}\n`);
  return file;
}

export function nightlyOf(lines: string, defaults?: string): Nightly {
  return findNightly(nightlyFile(lines, defaults), 'mc');
}
