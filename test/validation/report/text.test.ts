import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../../validation/checks/compare.ts';
import { buildReport } from '../../../validation/checks/report.ts';
import { renderComparison } from '../../../validation/report/comparison.ts';
import { renderFull } from '../../../validation/report/full.ts';
import { terminalLine } from '../../../validation/report/paint.ts';
import { renderResult, renderText } from '../../../validation/report/text.ts';
import { crash, facts, HOSTILE, hostile, hostileCriteria, outcome, step } from './sample.ts';

const report = buildReport(facts, outcome);

describe('renderText', () => {
  it('shows the verdict and its reason first, then the findings, then the rest', () => {
    expect(renderText(report, { colour: false })).toBe(`FAILED  gpmc-20290615-080000
1 of 9 steps failed, with 2 errors, the first in sim0003: *** Break *** Segmentation violation (logs/rec.log:23)

Findings: 2 errors, 2 warnings
  error segmentation-violation in sim0003, logs/rec.log:23 (reconstruction)
    *** Break *** Segmentation violation
  error signal in sim0003 (reconstruction)
    the payload was ended by SIGSEGV
  warning missing-output in sim0003 (reconstruction)
    no output QAresults.root, which later stages read
  warning input-missing in simQaMerge, stdout.log:4 (quality assurance)
    W-TrainMerge: input missing: QAresults.root of /data/output/0003
  info infrastructure in sim0005
    tried again: its worker was lost

Components and contacts
  reconstruction: 2 errors, 1 warning; no contact
  quality assurance: 1 warning; no contact

Steps: 9
  sim                       4 succeeded, 1 failed, median 4.5 s, longest 5.1 s
  simResMerge               1 succeeded, 1.8 s
  simQaMerge                1 succeeded, 2.9 s
  simQaPlots                1 succeeded, 3.7 s
  mergeValidationReportsMC  1 succeeded, 2.8 s

Provenance
  workflow: mc
  time: 2029-06-15 08:00:00 UTC, took 21 s
  packages: VO_ALICE@AliDPG::v5-10-XX-03, VO_ALICE@AliPhysics::v5-10-02-01-1
  makeflow: 7.0.9
  hosts: worker1.example.org, worker2.example.org
`);
  });

  it('has no provenance for a user who has just started the run', () => {
    const [before] = renderText(report, { colour: false }).split('\nProvenance\n');
    expect(renderResult(report, { colour: false })).toBe(before);
  });

  it('is the same text with colours', () => {
    const coloured = renderText(report, { colour: true }).split('\n').map(terminalLine).join('\n');
    expect(coloured).toContain('\x1b[31m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
    expect(coloured.replace(/\x1b\[\d+m/g, '')).toBe(renderText(report, { colour: false }));
  });

  it('shows the same error in many steps once', () => {
    const ids = Array.from({ length: 12 }, (_, i) => `sim${String(i + 1).padStart(4, '0')}`);
    const steps = ids.map((id) => step(id, 'sim', 0, 1));
    const inLogs = ids.map((id) => crash(id, { line: 5, ...(id === 'sim0012' && { more: 3 }) }));
    const text = renderText(buildReport(facts, { steps, inLogs }), { colour: false });
    expect(text).toContain(
      'error segmentation-violation in sim0001, sim0002, sim0003, sim0004, sim0005 and 7 more steps, logs/rec.log, 15 times (reconstruction)\n',
    );
    expect(text.match(/Segmentation violation/g)).toHaveLength(2);
  });

  it.each(Object.entries(HOSTILE))('lets no command to a terminal through: %s', (_, text) => {
    const { facts: f, outcome: o } = hostile(text);
    const compared = buildReport(f, o, hostileCriteria(text));
    const all = [
      renderText(buildReport(f, o), { colour: false }),
      renderFull(buildReport(f, o)),
      renderText(compared, { colour: false }),
      renderComparison(compared, compared, compareRuns(compared, compared), { colour: false }),
    ].join('');
    expect(all).not.toMatch(/[^\n\P{Cc}]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
  });

  it('shows control characters in escaped form', () => {
    const { facts: f, outcome: o } = hostile(HOSTILE.terminal);
    expect(renderText(buildReport(f, o), { colour: false })).toContain(
      '\\x1b[2J\\x1b]0;owned\\x07\\x1b[31mred\\x9b31m\\x0d\\x08\\x00\\x7f',
    );
  });
});

describe('renderFull', () => {
  it('has a line for every error, as step/file:line:message', () => {
    const { steps, inLogs } = outcome;
    const more = buildReport(facts, { steps, inLogs: [...inLogs, crash('sim0004', { more: 7 })] });
    expect(renderFull(more)).toBe(`sim0003/logs/rec.log:23: *** Break *** Segmentation violation
sim0003:0:the payload was ended by SIGSEGV
sim0004/logs/rec.log:23: *** Break *** Segmentation violation
sim0004/logs/rec.log:23:rule segmentation-violation matches 7 more lines of this file
`);
  });

  it('is empty for a run that passed', () => {
    const passed = buildReport(facts, {
      steps: outcome.steps.slice(0, 1),
      inLogs: [crash('sim0001', { severity: 'warning' })],
    });
    expect(passed.verdict).toBe('passed');
    expect(renderFull(passed)).toBe('');
  });
});
