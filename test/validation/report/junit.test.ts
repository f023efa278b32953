import { describe, expect, it } from 'vitest';
import { buildReport } from '../../../validation/report/build.ts';
import { renderJunit } from '../../../validation/report/junit.ts';
import { crash, facts, HOSTILE, hostile, hostileCriteria, outcome, step } from './sample.ts';

/** Throws where XML 1.0 is not well-formed, as far as elements, double-quoted attributes, entities and characters go. */
function elementsOf(xml: string): string[] {
  const names: string[] = [];
  const open: string[] = [];
  const illegal = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(xml);
  if (illegal) throw new Error(`illegal character at ${illegal.index}`);
  const token = /<\?xml [^?]*\?>|<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>|[^<>]+/gy;
  let end = 0;
  for (let match = token.exec(xml); match; match = token.exec(xml)) {
    end = token.lastIndex;
    const [text, closes, name, , closed] = match;
    if (/&(?!(amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`bare ampersand in ${text}`);
    if (name === undefined) continue;
    if (closes && open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    if (!closes) names.push(name);
    if (!closes && !closed) open.push(name);
  }
  if (end !== xml.length) throw new Error(`not well-formed at ${end}: ${xml.slice(end, end + 40)}`);
  if (open.length > 0) throw new Error(`${open} left open`);
  return names;
}

const count = (xml: string, name: string): number => elementsOf(xml).filter((one) => one === name).length;

describe('renderJunit', () => {
  it('has a test case for every step, and the line with its context for one that failed', () => {
    const xml = renderJunit(buildReport(facts, outcome));
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

  it('tells what is broken and what was not run, also of the run as a whole', () => {
    const { exitStatus: _, ...lost } = step('a', 'sim', 0, 1, { ending: 'lost', message: 'its worker was lost' });
    const { exitStatus: __, ...waiting } = step('b', 'sim', 0, 0, { ending: 'waiting' });
    const xml = renderJunit(buildReport(facts, { steps: [lost, waiting], inLogs: [] }));
    expect(count(xml, 'testcase')).toBe(3);
    expect(xml).toContain('tests="3" failures="0" errors="2" skipped="1"');
    expect(xml).toContain('<error type="infrastructure" message="its worker was lost">');
    expect(xml).toContain('<skipped message="the run ended when it was waiting"/>');
    expect(xml).toContain('<error type="broken" message="nothing is known of 2 of 2 steps: its worker was lost"/>');
  });

  it.each(Object.entries(HOSTILE))('stays well-formed whatever a log holds: %s', (_, text) => {
    const { facts: f, outcome: o } = hostile(text);
    for (const criteria of [undefined, hostileCriteria(text)]) {
      const xml = renderJunit(buildReport(f, o, criteria));
      expect(count(xml, 'testcase')).toBe(3);
      expect(xml).not.toContain('<script');
    }
  });

  it('counts what it holds', () => {
    const inLogs = outcome.steps.map(({ id }) => crash(id));
    const xml = renderJunit(buildReport(facts, { steps: outcome.steps, inLogs }));
    expect(count(xml, 'failure')).toBe(9);
    expect(xml).toContain('failures="9"');
  });
});
