import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, Relval } from './relval.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

describe('a step that unpacks what an earlier one was to store', () => {
  it('is not run when that was not made: the run is failed, not broken, and nothing is tried again', async () => {
    const out = join(relval.dir, 'out');
    const file = join(relval.dir, 'w.yaml');
    writeFileSync(
      file,
      `name: w
defaults: { resources: { disk: 10 MB, memory: 50 MB } }
stages:
  - { name: calib, command: 'echo no calibration; exit 3', outputs: [OCDB.tar.gz], expects: [OCDB.tar.gz], outputDir: ${out}/OCDB }
  - { name: bins, after: [calib], command: 'echo 1 2 3 >bins.txt' }
  - { name: pass, after: [bins], each: { lines: bins.txt, of: bins }, command: 'echo pass', inputs: ['${out}/OCDB/OCDB.tar.gz,unpack'] }
`,
    );
    const { code, stdout, stderr } = await relval.run('run', file, '--local', '--no-check');
    expect(code, stdout + stderr).toBe(1);
    const { directory } = await relval.onlyRun();
    // also in the second makeflow, behind a step that did well
    const ends = eventsOf(directory).filter((event) => event.type === 'step-ended');
    expect(ends).toContainEqual(
      expect.objectContaining({
        step: 'pass0000',
        attempt: 1,
        state: 'aborted',
        retried: false,
        message: 'not run, because calib did not make OCDB.tar.gz',
      }),
    );
    expect(ends).toHaveLength(3);
    const report = JSON.parse(readFileSync(join(directory, 'report', 'report.json'), 'utf8'));
    expect(report).toMatchObject({ verdict: 'failed' });
  });
});
