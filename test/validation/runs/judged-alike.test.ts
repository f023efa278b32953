import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DirResult, dirSync } from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { version1Fingerprint } from '../../../validation/checks/fingerprint-1.ts';
import { hasChanged } from '../../../validation/notify/conditions.ts';
import type { Finding, Report } from '../../../validation/report/model.ts';
import { writeReport } from '../../../validation/report/write.ts';
import { judgeAgain } from '../../../validation/runs/judging/judge.ts';
import { thisProcess } from '../../../validation/runs/store/record.ts';
import { type RunDir, RunStore } from '../../../validation/runs/store/store.ts';

let dir: DirResult;
let store: RunStore;
beforeEach(() => {
  dir = dirSync({ unsafeCleanup: true });
  store = new RunStore(dir.name);
});
afterEach(() => dir.removeCallback());

/** A run that has ended. Its only step wrote this text. */
async function ended(second: number, log: string): Promise<{ run: RunDir; report: Report }> {
  const { id, run } = store.create('night', new Date(Date.UTC(2026, 10, 22, 12, 0, second)));
  const record = {
    ...{ schema: 'relval-run-1' as const, id, name: 'night', workflow: 'w', project: id, created: second },
    request: { input: '/x/w.yaml', set: [], setAppend: [], lenient: false, local: true },
    ...{ state: 'ended' as const, verdict: 'failed' as const, process: thisProcess() },
    totals: { steps: 1, succeeded: 0, failed: 1, broken: 0, running: 0 },
    accepted: { time: 1, by: 'Ann', note: 'known' },
  };
  run.writeRecord(record);
  mkdirSync(run.attemptDir('sim', 1), { recursive: true });
  writeFileSync(join(run.attemptDir('sim', 1), 'stdout.log'), log);
  const outcome = {
    schema: 'relval-outcome-1',
    facts: { run: id, name: 'night', workflow: 'w', start: second, end: second + 1, provenance: {} },
    inMadeFiles: [],
    steps: [
      {
        ...{ id: 'sim', stage: 'sim', attempts: 1, ending: 'ended', exitStatus: 0, outputs: [] },
        logs: ['steps/sim/1/stdout.log'],
      },
    ],
  };
  writeFileSync(join(run.path, 'outcome.json'), JSON.stringify(outcome));
  const report = await judgeAgain(run, {}, 0);
  await writeReport(run.reportDir, report);
  return { run, report };
}

/** The report as an older relval wrote it: with old fingerprints, and without findings of newer rules. */
async function asBefore(run: RunDir, report: Report, ...found: string[]): Promise<void> {
  const { rules: _, ...rest } = report;
  const findings = report.findings
    .filter(({ rule }) => found.includes(rule))
    .map(({ earlierFingerprint: earlier, ...finding }): Finding => ({ ...finding, fingerprint: earlier ?? '' }));
  await writeReport(run.reportDir, { ...rest, findings });
}

const ages = ({ findings }: Report): string[] => findings.map(({ rule, age }) => `${rule} ${age}`);
const LOG = 'E-ProcessOutput: no histogram hPt143\naliroot: command not found\n';

describe('the first night after a change of rules', () => {
  it('has no new error that is in the logs of the run before', async () => {
    const before = await ended(1, LOG);
    await asBefore(before.run, before.report, 'process-output');
    const { report } = await ended(2, LOG);
    expect(ages(report)).toEqual(['process-output known', 'command-not-found known']);
    expect(report.fixed).toEqual([]);
    const worse = await ended(3, `${LOG}E-ProcessOutput: no histogram hPt144\n`);
    expect(ages(worse.report)).toEqual(['process-output known', 'command-not-found known', 'process-output new']);
  });

  it('recognises findings of the old report by its fingerprints if the old logs are gone', async () => {
    const before = await ended(1, LOG);
    await asBefore(before.run, before.report, 'process-output');
    rmSync(join(before.run.path, 'steps'), { recursive: true });
    const { report } = await ended(2, LOG);
    expect(ages(report)).toEqual(['process-output known', 'command-not-found new']);
    const gone = await ended(3, 'fine\n');
    expect(gone.report.reference?.run).toBe(report.run);
    expect(gone.report.fixed?.map(({ rule }) => rule)).toEqual(['process-output', 'command-not-found']);
  });

  it('does not call an error fixed if its rule is switched off', async () => {
    await ended(1, 'Segmentation violation\n');
    const { run } = await ended(2, 'Segmentation violation\n');
    const off = join(dir.name, 'off.yaml');
    writeFileSync(off, 'rules: [{ id: segmentation-violation, severity: "off" }]\n');
    const report = await judgeAgain(run, { rules: [off] }, 0);
    expect([report.verdict, report.fixed, report.findings]).toEqual(['passed', [], []]);
  });

  it('causes no notification of a change', async () => {
    const { run, report } = await ended(1, LOG);
    const { findings, rules: _, ...rest } = report;
    await asBefore(run, report, 'process-output', 'command-not-found');
    const old = findings.map(({ earlierFingerprint: earlier, ...one }) => ({ ...one, fingerprint: earlier ?? '' }));
    expect(hasChanged(report, { ...rest, findings: old })).toBe(false);
    expect(hasChanged(report, { ...rest, findings: old.slice(1) })).toBe(true);
  });
});

describe('fingerprints of older versions', () => {
  it('do not change', () => {
    const finding = { stage: 'sim', rule: 'killed', file: 'logs/rec.log', message: 'line 3: 17 Killed' };
    expect(version1Fingerprint(finding)).toBe('8f10449a825d1c35');
  });
});
