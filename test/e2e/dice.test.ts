import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Relval, ROOT } from './relval.ts';

const DICE = join(ROOT, 'makeflows', 'examples', 'dice', 'workflow.yaml');

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

describe("a user's own workflow on this machine", () => {
  it('runs without a JDL: over numbers, then over the lines that one of its stages writes', async () => {
    const { code, stdout, stderr } = await relval.run('run', DICE, '--local');
    expect(code, stdout + stderr).toBe(0);
    const { directory, status, totals } = await relval.onlyRun();
    expect(status).toBe('passed');
    expect(totals).toMatchObject({ steps: 12, succeeded: 12 });
    const faces = readFileSync(join(directory, 'count', 'faces.txt'), 'utf8')
      .trim()
      .split('\n');
    const rolls = faces.map((line) => Number(line.split(' ')[1]));
    expect(rolls.reduce((sum, n) => sum + n, 0)).toBe(4 * 6000);
    const verdicts = readFileSync(join(directory, 'gather', 'verdicts.txt'), 'utf8');
    expect(verdicts.trim().split('\n')).toEqual(
      faces.map((line, i) => `face ${line[0]}: ${rolls[i]} rolls, ${verdictOn(rolls[i] ?? 0)}`),
    );
  });

  it('stops where it is told to, and one step of it is run again', async () => {
    expect((await relval.run('run', DICE, '--local', '--stop-at', 'count')).code).toBe(0);
    const again = await relval.run('run', DICE, '--local', '--only', 'count', '--from', 'last', '--name', 'again');
    expect(again.code, again.stdout + again.stderr).toBe(0);
    const { stdout } = await relval.run('logs', 'again', 'count');
    expect(stdout.match(/^[1-6] \d+$/gm)).toHaveLength(6);
  });
});

function verdictOn(rolls: number): string {
  return rolls > 3600 && rolls < 4400 ? 'fair' : 'loaded';
}
