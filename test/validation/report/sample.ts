import { builtInCriteria, type Criteria } from '../../../validation/checks/judge.ts';
import type { Outcome, StepOutcome } from '../../../validation/checks/outcome.ts';
import { buildReport, type RunFacts } from '../../../validation/checks/report.ts';
import type { Finding } from '../../../validation/report/model.ts';

/** A typical run: five jobs, of which one crashed, and the steps that depend on them. */

export const START = Date.parse('2029-06-15T08:00:00Z');

export const facts: RunFacts = {
  run: 'gpmc-20290615-080000',
  name: 'gpmc',
  workflow: 'mc',
  start: START,
  end: START + 21_400,
  provenance: {
    packages: ['VO_ALICE@AliDPG::v5-10-XX-03', 'VO_ALICE@AliPhysics::v5-10-02-01-1'],
    makeflow: '7.0.9',
    hosts: ['worker1.example.org', 'worker2.example.org'],
  },
};

export function step(
  id: string,
  stage: string,
  from: number,
  to: number,
  change: Partial<StepOutcome> = {},
): StepOutcome {
  return {
    id,
    stage,
    attempts: 1,
    ending: 'ended',
    exitStatus: 0,
    start: START + 1000 * from,
    end: START + 1000 * to,
    host: 'worker1.example.org',
    cpuTime: 0.9 * (to - from),
    logs: ['stdout.log', 'stderr.log', 'logs/rec.log'].map((log) => `steps/${id}/1/${log}`),
    outputDir: `/data/output/${id}`,
    outputs: [
      { name: 'AliESDs.root', size: 1_234_567 },
      { name: 'QAresults.root', size: 2_345 },
    ],
    ...change,
  };
}

export function crash(id: string, change: Partial<Finding> = {}): Finding {
  return {
    step: id,
    stage: 'sim',
    attempt: 1,
    severity: 'error',
    rule: 'segmentation-violation',
    file: 'logs/rec.log',
    line: 23,
    column: 16,
    message: ' *** Break *** Segmentation violation',
    context: {
      before: ['I-AliReconstruction::ProcessEvent: event 20, 7 tracks'],
      after: ['===========================================================', 'There was a crash.'],
    },
    ...change,
  };
}

export const outcome: Outcome = {
  steps: [
    step('sim0001', 'sim', 1, 5.2),
    step('sim0002', 'sim', 1, 6.1),
    step('sim0003', 'sim', 1.2, 3.9, { exitStatus: 139, signal: 'SIGSEGV', missing: ['QAresults.root'], outputs: [] }),
    step('sim0004', 'sim', 5.3, 9.8),
    step('sim0005', 'sim', 6.2, 11, { attempts: 2, earlier: [{ attempt: 1, message: 'its worker was lost' }] }),
    step('simResMerge', 'simResMerge', 11.2, 13),
    step('simQaMerge', 'simQaMerge', 11.2, 14.1),
    step('simQaPlots', 'simQaPlots', 14.3, 18),
    step('mergeValidationReportsMC', 'mergeValidationReportsMC', 18.2, 21),
  ],
  inLogs: [
    crash('sim0003'),
    crash('simQaMerge', {
      stage: 'simQaMerge',
      severity: 'warning',
      rule: 'input-missing',
      file: 'stdout.log',
      line: 4,
      message: 'W-TrainMerge: input missing: QAresults.root of /data/output/0003',
    }),
  ],
};

/** Texts that must not be executed or obeyed when a report is shown. */
export const HOSTILE = {
  markup: `<script>alert(1)</script><img src=x onerror="alert(2)">' " & ]]> <!-- &lt;`,
  terminal: '\x1b[2J\x1b]0;owned\x07\x1b[31mred\x9b31m\r\b\0\x7f',
  hidden: 'a\u202ecod.exe\u2066b\u200bc\u2028d\ufeff',
  broken: 'half \ud800 of a pair, and \uffff',
  long: 'x'.repeat(100_000),
};

/** The same run, with hostile text wherever text comes from outside. */
export function hostile(text: string): { facts: RunFacts; outcome: Outcome } {
  return {
    facts: { ...facts, run: text, name: text, workflow: text, provenance: { [text]: text, list: [text] } },
    outcome: {
      steps: [
        step(text, text, 1, 2, {
          exitStatus: 1,
          host: text,
          signal: text,
          logs: [`steps/${text}/1/${text}`],
          outputDir: text,
          lastLines: { file: text, lines: [text, text] },
        }),
        step('other', text, 1, 2),
      ],
      inLogs: [
        crash(text, { stage: text, rule: text, file: text, message: text, context: { before: [text], after: [text] } }),
        crash('other', { severity: 'info', known: text }),
        crash('other', { severity: 'warning', message: text, expired: text }),
      ],
      interrupted: text,
    },
  };
}

/** Like `hostile`, compared with a run that is also hostile. */
export function hostileCriteria(text: string): Criteria {
  const rules = builtInCriteria(0).rules;
  const except = [{ matches: /(?!)/, reason: text, owner: text }];
  const excusing = { ...rules, logs: rules.logs.map((rule) => ({ ...rule, except })) };
  const { facts: f, outcome: o } = hostile(text);
  const more = crash(text, { stage: text, rule: text, file: text, message: `${text} gone`, trace: [text] });
  const slow = { ...step('other', text, 0, 1), state: 'succeeded' as const };
  const before = buildReport({ ...f, start: 0 }, { ...o, inLogs: [...o.inLogs, more] });
  const component = { name: text, contacts: [text], messages: [/[\s\S]/], files: [], steps: [] };
  const fast = { run: text, steps: [{ ...slow, end: slow.start as number }] };
  const reference = { report: before, earlier: [fast, fast, fast] };
  return { ...builtInCriteria(0), rules: excusing, components: [component], reference };
}
