import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STEP_EXIT } from '../../../validation/step/result.ts';
import type { InputFile, Step } from '../../../validation/workflow/plan.ts';
import { makeStage, makeStep } from '../plans.ts';
import { Scratch, startStep, writeSteps } from './sandbox.ts';

let scratch: Scratch;
let out: string;
beforeEach(() => {
  scratch = new Scratch();
  out = join(scratch.path, 'out');
});
afterEach(() => scratch.remove());

const NAME = 'a "b" $c.tar.gz';

/** Makes NAME, or not; uses it; uses what that was to make; and one that needs neither. */
function steps(payload: string): [Step, Step, Step, Step] {
  const fetched = (directory: string, name: string): InputFile[] => [
    { kind: 'worker', name, unpack: true, path: `${out}/${directory}/${name}` },
  ];
  const storing = (directory: string, pattern: string) => ({
    outputDirTemplate: `${out}/${directory}`,
    outputs: [{ patterns: [pattern] }],
    expects: [pattern],
  });
  const make = makeStage('make', {
    ...storing('one', '*.tar.gz'),
    executable: 'make.sh',
    inputs: [scratch.script('make.sh', payload)],
  });
  const use = makeStage('use', {
    ...storing('one/two', 'd.tar.gz'),
    executable: 'true',
    after: ['make'],
    inputs: fetched('one', NAME),
  });
  const last = makeStage('last', { executable: 'true', after: ['use'], inputs: fetched('one/two', 'd.tar.gz') });
  const other = makeStage('other', { executable: 'true', after: ['use'] });
  return [
    makeStep(make),
    makeStep(use, undefined, { after: ['make'] }),
    makeStep(last, undefined, { after: ['use'] }),
    makeStep(other, undefined, { after: ['use'] }),
  ];
}

describe('an input that an earlier step was to store', () => {
  it('and did not: the step is not run, and not tried again; nor what needs its outputs', async () => {
    const [make, use, last, other] = steps('exit 3');
    const directory = await writeSteps(scratch, [make, use, last, other]);
    expect((await startStep(directory, make)).result).toMatchObject({ phase: 'payload', missing: ['*.tar.gz'] });
    for (const step of [use, last]) {
      const { status, result, stdout, read } = await startStep(directory, step);
      expect(status).toBe(0);
      expect(result).toMatchObject({ phase: 'skipped', blocking: false, exitStatus: null });
      expect(stdout).toBe('');
      if (step === use) expect(result.message).toBe(`not run, because make did not make ${NAME}`);
      expect(read('logs')).toMatch(/attempt 1\n[^\n]*not run, because/);
      expect(read('logs')).not.toContain('attempt 2');
    }
    expect((await startStep(directory, other)).result).toMatchObject({ phase: 'done' });
  });

  it('and did: it is fetched, and when it cannot be, that is tried again and the infrastructure has failed', async () => {
    const [make, use] = steps(`date >x; tar czf '${NAME}' x`);
    const directory = await writeSteps(scratch, [make, use]);
    expect((await startStep(directory, make)).result).toMatchObject({ phase: 'done', missing: [] });
    expect((await startStep(directory, use)).result).toMatchObject({ phase: 'done' });
    writeFileSync(join(out, 'one', NAME), '');
    const { status, result, read } = await startStep(directory, use);
    expect(status).toBe(STEP_EXIT.input);
    expect(result.phase).toBe('input');
    expect(read('logs')).toContain('attempt 5');
  });

  it('keeps those behind it from running where it must succeed', async () => {
    const [make, use] = steps('exit 3');
    use.stage.onFailure = 'stop';
    const directory = await writeSteps(scratch, [make, use]);
    await startStep(directory, make);
    expect((await startStep(directory, use)).result).toMatchObject({ phase: 'skipped', blocking: true });
  });
});
