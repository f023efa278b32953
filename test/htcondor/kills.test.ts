import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const PROGRAM = join(import.meta.dirname, 'kills.mjs');

describe('whatever is killed', () => {
  it('every job ends once with success, and nothing is left', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, '--kills', '8', '--seed', '5']);
    process.stdout.write(stdout);
    expect(stdout).toContain('32 jobs ended once and with success, and nothing is left');
  }, 1_800_000);
});
