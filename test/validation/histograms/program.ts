import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';

const CONFIG = join(import.meta.dirname, '../../../validation/histograms/vite.config.ts');
export const FIXTURES = join(import.meta.dirname, '../../fixtures/root');

/** The reading program, built from the current sources. `remove` deletes its directory. */
export async function buildProgram(): Promise<{ dir: string; program: string; remove: () => void }> {
  const dir = mkdtempSync(join(tmpdir(), 'relval-histograms-'));
  await build({ configFile: CONFIG, logLevel: 'error', build: { outDir: dir } });
  return { dir, program: join(dir, 'read-program.mjs'), remove: () => rmSync(dir, { recursive: true, force: true }) };
}
