import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DirResult, dirSync } from 'tmp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderResult } from '../../../validation/report/text.ts';
import { renderFile } from '../../../validation/report/write.ts';
import { checkChoice } from '../../../validation/runs/judging/criteria.ts';
import { judgeAgain } from '../../../validation/runs/judging/judge.ts';
import { PARTS } from '../../../validation/runs/judging/kinds.ts';
import { thisProcess } from '../../../validation/runs/store/record.ts';
import { type RunDir, RunStore } from '../../../validation/runs/store/store.ts';

// The one line that a new kind of check needs.
vi.mock(import('../../../validation/runs/judging/kinds.ts'), async (original) => {
  const { KINDS } = await original();
  const { sizeCheck } = await import('./example-kind/kind.ts');
  const kinds = [...KINDS, sizeCheck];
  return { KINDS: kinds, PARTS: kinds.map(({ part }) => part) };
});

let dir: DirResult;
beforeEach(() => {
  dir = dirSync({ unsafeCleanup: true });
});
afterEach(() => dir.removeCallback());

/** A run that has ended, with one step that has one output of 1000 bytes. */
function ended(): RunDir {
  const { id, run } = new RunStore(join(dir.name, 'runs')).create('night', new Date(0));
  run.writeRecord({
    ...{ schema: 'relval-run-1', id, name: 'night', workflow: 'w', project: id, created: 0 },
    request: { input: '/x/w.yaml', set: [], setAppend: [], lenient: false, local: true },
    ...{ state: 'ended', verdict: 'passed', process: thisProcess() },
    totals: { steps: 1, succeeded: 1, failed: 0, broken: 0, running: 0 },
  });
  mkdirSync(run.attemptDir('sim', 1), { recursive: true });
  writeFileSync(join(run.attemptDir('sim', 1), 'stdout.log'), 'fine\n');
  const step = {
    id: 'sim',
    stage: 'sim',
    attempts: 1,
    ending: 'ended',
    exitStatus: 0,
    logs: ['steps/sim/1/stdout.log'],
  };
  const outcome = {
    schema: 'relval-outcome-1',
    facts: { run: id, name: 'night', workflow: 'w', start: 0, end: 1, provenance: {} },
    inMadeFiles: [],
    steps: [{ ...step, outputs: [{ name: '<a>.root', size: 1000 }] }],
  };
  writeFileSync(join(run.path, 'outcome.json'), JSON.stringify(outcome));
  return run;
}

function rules(text: string): string[] {
  const file = join(dir.name, 'rules.yaml');
  writeFileSync(file, text);
  return [file];
}

const textOf = (name: Parameters<typeof renderFile>[0], report: Parameters<typeof renderFile>[1]) =>
  [...renderFile(name, report, PARTS)].join('');

describe('a kind of check', () => {
  it('judges a run by its section of the rules, and shows its details in every report', async () => {
    const report = await judgeAgain(ended(), { rules: rules('outputSizes: { most: 999 }\n') }, 0);
    expect(report.verdict).toBe('failed');
    expect(report.reason).toBe('1 of 1 step failed: sim: <a>.root is larger than 999 bytes');
    expect(report.checks).toEqual({ outputSizes: { most: 999, larger: ['<a>.root'] } });
    expect(renderResult(report, { colour: false }, PARTS)).toContain('\nLarge outputs: 1\n  <a>.root\n');
    expect(textOf('index.html', report)).toContain('<h2>Large outputs</h2>&lt;a&gt;.root</section>');
    expect(textOf('junit.xml', report)).toContain(
      '<testcase classname="night.sizes" name="&lt;a&gt;.root" time="0.000">\n    <failure message="too large"/>',
    );
  });

  it('reports nothing if the rules have no section for it', async () => {
    const report = await judgeAgain(ended(), {}, 0);
    expect(report.verdict).toBe('passed');
    expect(report.checks).toBeUndefined();
  });

  it.each([
    ['a mistake in its section', 'outputSizes: { most: many }\n', /rules\.yaml:1:22: .*outputSizes\.most/],
    ['a section that no kind has', 'outputSize: { most: 1 }\n', /rules\.yaml:1:1: .*unknown key 'outputSize'/],
    ['a file without any section', '{}\n', /rules.*is missing/],
  ])('refuses %s before anything runs', (_, text, message) => {
    expect(() => checkChoice({ rules: rules(text) })).toThrow(message);
  });

  it('does not show details that it does not understand', async () => {
    const report = await judgeAgain(ended(), { rules: rules('outputSizes: { most: 999 }\n') }, 0);
    const other = { ...report, checks: { outputSizes: { largest: 5 } } };
    expect(renderResult(other, { colour: false }, PARTS)).toContain(
      'outputSizes: another release of relval made these results',
    );
  });
});
