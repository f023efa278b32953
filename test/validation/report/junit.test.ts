import { describe, expect, it } from 'vitest';
import { builtInCriteria } from '../../../validation/checks/judge.ts';
import type { Outcome } from '../../../validation/checks/outcome.ts';
import { buildReport } from '../../../validation/checks/report.ts';
import { renderJunit } from '../../../validation/report/junit.ts';
import { xpath } from '../graph/graphs.ts';
import { validateJunit } from './junit-schema.ts';
import { crash, facts, HOSTILE, hostile, hostileCriteria, outcome, step } from './sample.ts';

/** The number of elements with a name in a report that fits the schema. */
function count(xml: string, name: string): number {
  validateJunit(xml);
  return Number(xpath(xml, `count(//${name})`));
}

const xmlOf = (report: Parameters<typeof renderJunit>[0]) => [...renderJunit(report)].join('');

describe('renderJunit', () => {
  it('has the last lines of a payload that failed without an error in a log', () => {
    const lastLines = { file: 'stderr.log', lines: ['loading', 'aliroot: command not found'] };
    const steps = [step('a', 'sim', 0, 1, { exitStatus: 127, lastLines })];
    const xml = xmlOf(buildReport(facts, { steps, inLogs: [] }));
    validateJunit(xml);
    expect(xml).toContain('stderr.log ends with\n  loading\n  aliroot: command not found');
  });

  it('has a test case for every step, with the line and its context for a failed step', () => {
    const xml = xmlOf(buildReport(facts, outcome));
    expect(count(xml, 'testcase')).toBe(9);
    expect(count(xml, 'failure')).toBe(1);
    expect(xml).toContain(
      '<testsuite name="gpmc" tests="9" failures="1" errors="0" skipped="0" time="21.400" timestamp="2029-06-15T08:00:00">',
    );
    expect(xml).toContain('<testcase classname="gpmc.sim" name="sim0001" time="4.200"/>');
    expect(xml).toContain('<failure type="segmentation-violation" message="*** Break *** Segmentation violation">');
    expect(xml).toContain(`sim0003 logs/rec.log:23 [segmentation-violation] (reconstruction)
  I-AliReconstruction::ProcessEvent: event 20, 7 tracks
&gt;  *** Break *** Segmentation violation
  ===`);
    expect(xml).toContain('warning: simQaMerge stdout.log:4 [input-missing]');
  });

  it('reports broken steps, steps that did not run, and a broken run', () => {
    const { exitStatus: _, ...lost } = step('a', 'sim', 0, 1, { ending: 'lost', message: 'its worker was lost' });
    const { exitStatus: __, ...waiting } = step('b', 'sim', 0, 0, { ending: 'waiting' });
    const xml = xmlOf(buildReport(facts, { steps: [lost, waiting], inLogs: [] }));
    expect(count(xml, 'testcase')).toBe(3);
    expect(xml).toContain('tests="3" failures="0" errors="2" skipped="1"');
    expect(xml).toContain('<error type="infrastructure" message="its worker was lost">');
    expect(xml).toContain('<skipped message="the run ended when it was waiting"/>');
    expect(xml).toContain(
      '<error type="broken" message="1 of 2 steps did not run, and 1 is broken: a: its worker was lost"/>',
    );
  });

  it.each(Object.entries(HOSTILE))('stays well-formed whatever a log holds: %s', (_, text) => {
    const { facts: f, outcome: o } = hostile(text);
    for (const criteria of [undefined, hostileCriteria(text)]) {
      const xml = xmlOf(buildReport(f, o, criteria));
      expect(count(xml, 'testcase')).toBe(3);
      expect(xml).not.toContain('<script');
    }
  });

  it('counts its test cases', () => {
    const inLogs = outcome.steps.map(({ id }) => crash(id));
    const xml = xmlOf(buildReport(facts, { steps: outcome.steps, inLogs }));
    expect(count(xml, 'failure')).toBe(9);
    expect(xml).toContain('failures="9"');
  });

  it('fits the schema for every verdict, and with a comparison', () => {
    const before = buildReport(facts, { ...outcome, inLogs: [crash('sim0001', { message: 'gone' })] });
    const reference = { report: before, earlier: [before, before, before] };
    const slow = outcome.steps.map((one) => (one.id === 'sim0004' ? step('sim0004', 'sim', 0, 100) : one));
    const compared = buildReport(facts, { ...outcome, steps: slow }, { ...builtInCriteria(0), reference });
    const text = xmlOf(compared);
    expect(xpath(text, 'string(//testsuite/system-out)')).toMatch(/^compared with .*\nfixed: [\s\S]*\nchanged: /);
    const endings: Outcome[] = [
      { steps: [], inLogs: [] },
      { ...outcome, interrupted: 'stopped' },
      { ...outcome, problem: 'the catalog does not answer' },
      { steps: [step('run', 'run', 0, 1)], inLogs: [], problem: 'no space left' },
      { steps: [step('a', 'a', 5, 1), step('b', 'a', 0, 1e9)], inLogs: [] },
    ];
    for (const ending of endings) {
      const xml = xmlOf(buildReport(facts, ending));
      for (const kind of ['failure', 'error', 'skipped']) {
        expect(xpath(xml, `//testsuite/@${kind === 'skipped' ? kind : `${kind}s`}`)).toContain(`"${count(xml, kind)}"`);
      }
      expect(xpath(xml, 'string(//testsuite/@tests)')).toBe(`${count(xml, 'testcase')}`);
    }
  });

  it.each([
    ['a case without a name', 'name="sim0001"', ''],
    ['a count that is none', 'tests="9"', 'tests="nine"'],
    ['a time with an exponent', 'time="4.200"', 'time="4.2e0"'],
    ['a case twice', 'name="sim0002"', 'name="sim0001"'],
    ['a case that failed and was not run', '<failure ', '<skipped/><failure '],
    ['an element that Jenkins does not know', '<properties>', '<notes/><properties>'],
  ])('is checked by a schema that refuses %s', (_, from, to) => {
    const xml = xmlOf(buildReport(facts, outcome));
    expect(xml).toContain(from);
    expect(() => validateJunit(xml.replace(from, to))).toThrow();
  });
});
