import type { Occasion } from '../../../validation/notify/words.ts';
import type { Finding, Report } from '../../../validation/report/model.ts';

const START = Date.parse('2029-06-15T08:00:00Z');

export function finding(step: string, message: string, change: Partial<Finding> = {}): Finding {
  return {
    step,
    stage: 'sim',
    attempt: 1,
    severity: 'error',
    rule: 'segmentation-violation',
    file: 'logs/rec.log',
    line: 25,
    message,
    fingerprint: message,
    ...change,
  };
}

export function report(change: Partial<Report> = {}): Report {
  return {
    schema: 'relval-report-1',
    run: 'nightly-20290615-080000',
    name: 'nightly',
    workflow: 'mc',
    verdict: 'failed',
    reason: '1 new error in sim0003',
    start: START,
    end: START + 95_000,
    totals: { steps: 9, succeeded: 8, failed: 1, broken: 0, notRun: 0, errors: 3, warnings: 2 },
    findings: [
      finding('sim0003', ' *** Break *** segmentation violation', { age: 'new', component: 'TPC' }),
      finding('sim0004', ' *** Break *** segmentation violation', { age: 'new', component: 'TPC' }),
      finding('sim0001', 'Fatal: no such calibration', { age: 'known', rule: 'fatal', component: 'ITS' }),
      finding('sim0002', 'a warning', { severity: 'warning', age: 'new', component: 'ITS' }),
    ],
    reference: { run: 'nightly-20290614-080000', start: START - 86_400_000, runs: [] },
    fixed: [finding('sim0005', 'Error: gone now', { rule: 'error' })],
    changes: [{ stage: 'sim', quantity: 'duration', value: 90, usual: 60, spread: 5, runs: 7, direction: 'more' }],
    components: [
      { name: 'TPC', contacts: ['A. Expert <tpc@example.org>'], errors: 2, newErrors: 2, warnings: 0 },
      { name: 'ITS', contacts: ['its@example.org'], errors: 1, newErrors: 0, warnings: 1 },
    ],
    steps: [],
    provenance: {},
    ...change,
  };
}

export function occasion(change: Partial<Occasion> = {}): Occasion {
  return {
    event: 'finished',
    run: 'nightly-20290615-080000',
    name: 'nightly',
    workflow: 'mc',
    release: 'v5-10-02',
    steps: 9,
    started: START,
    report: change.event === 'started' ? undefined : report(),
    publicUrl: 'https://relval.example.org/',
    ...change,
  };
}
