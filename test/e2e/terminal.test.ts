import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { atTerminal, expectHarmless, FORGED, HOSTILE } from '../validation/cli/terminal.ts';
import { CLI, Relval, until } from './relval.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

/** What a payload prints that wants the terminal of whoever looks. */
const ATTACK = `first ${HOSTILE}\x1b[1;31mred\nbad news\r${FORGED}\nend ${HOSTILE}`;

function hostileScript(): string {
  writeFileSync(join(relval.dir, 'attack.txt'), ATTACK);
  const path = join(relval.dir, 'run.sh');
  writeFileSync(path, `#!/bin/bash\ncat attack.txt; cat attack.txt >&2\nexit 3\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('a step that prints control sequences', () => {
  it('does not reach the terminal with them while it runs, in its report, or in what a run in the background wrote', async () => {
    const env = { XDG_CONFIG_HOME: relval.dir, RELVAL_RUNS: relval.runs };
    const script = hostileScript();
    const shown = await atTerminal([process.execPath, CLI, 'exec', '--local', '--', script], env, relval.dir);
    expect(shown).toContain('bad news');
    expect(shown).toMatch(/FAILED/);
    expectHarmless(shown, { coloursOfLog: true });
    const report = await atTerminal([process.execPath, CLI, 'report'], env, relval.dir);
    expectHarmless(report);

    const workflow = join(relval.dir, 'w.yaml');
    writeFileSync(
      workflow,
      `name: w\ndefaults: { resources: { disk: 10 MB, memory: 50 MB } }\nstages:\n  - { name: a, executable: run.sh }\n`,
    );
    const live = await atTerminal([process.execPath, CLI, 'run', workflow, '--local'], env, relval.dir);
    expect(live).toMatch(/FAILED/);
    expectHarmless(live);

    await relval.run('run', workflow, '--local', '--detach', '--name', 'behind');
    const { directory } = JSON.parse((await relval.run('status', 'behind', '--json')).stdout);
    await until('its end', 60, async () => {
      const { status } = JSON.parse((await relval.run('status', 'behind', '--json')).stdout);
      return status === 'failed' || undefined;
    });
    const log = await until('the report in relval.log', 10, () => {
      const text = readFileSync(join(directory, 'relval.log'), 'utf8');
      return /^logs: /m.test(text) ? text : undefined;
    });
    expectHarmless(log);
  });
});
