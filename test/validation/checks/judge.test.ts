import { describe, expect, it } from 'vitest';
import { builtInCriteria, judge, judgeInParts } from '../../../validation/checks/judge.ts';
import type { Outcome, StepOutcome } from '../../../validation/checks/outcome.ts';
import type { Finding } from '../../../validation/report/model.ts';

function step(id: string, change: Partial<StepOutcome> = {}): StepOutcome {
  return {
    id,
    stage: 'sim',
    attempts: 1,
    ending: 'ended',
    exitStatus: 0,
    logs: [`steps/${id}/1/stdout.log`],
    outputs: [],
    ...change,
  };
}

function inLog(id: string, change: Partial<Finding> = {}): Finding {
  return {
    step: id,
    stage: 'sim',
    attempt: 1,
    severity: 'error',
    rule: 'killed',
    file: 'logs/rec.log',
    line: 7,
    message: 'line 3: Killed',
    ...change,
  };
}

const lost = { ending: 'lost', message: 'its worker was lost' } as const;
const without = (id: string, change: Partial<StepOutcome>): StepOutcome => {
  const { exitStatus: _, ...rest } = step(id);
  return { ...rest, ...change };
};

function judged(steps: StepOutcome[], more: Partial<Outcome> = {}) {
  const {
    verdict,
    reason,
    findings,
    steps: reports,
    totals,
  } = judge({ steps, inLogs: [], ...more }, builtInCriteria(0));
  return {
    verdict,
    reason,
    totals,
    states: reports.map((one) => one.state).join(' '),
    findings: findings.map((one) => `${one.severity} ${one.rule} ${one.step}`),
  };
}

describe('judge', () => {
  it('gives others a turn while it judges a large run', () => {
    const steps = Array.from({ length: 250 }, (_, index) => step(`sim${index}`));
    const outcome = { steps, inLogs: [inLog('sim249')] };
    const judging = judgeInParts(outcome, builtInCriteria(0));
    for (let pause = 1; pause <= 3; pause += 1) expect(judging.next()).toEqual({ done: false, value: undefined });
    expect(judging.next()).toEqual({ done: true, value: judge(outcome, builtInCriteria(0)) });
  });

  it('passes a run whose steps all succeeded', () => {
    expect(judged([step('a'), step('b')])).toEqual({
      verdict: 'passed',
      reason: 'all 2 steps succeeded, without errors in the logs',
      totals: { steps: 2, succeeded: 2, failed: 0, broken: 0, notRun: 0, errors: 0, warnings: 0 },
      states: 'succeeded succeeded',
      findings: [],
    });
  });

  it('passes with warnings, and counts them; the same warning in several lines counts once', () => {
    expect(
      judged([step('a')], { inLogs: [inLog('a', { severity: 'warning', fingerprint: 'x', more: 2 })] }),
    ).toMatchObject({
      verdict: 'passed',
      reason: 'the step succeeded, without errors in the logs; 1 warning',
      states: 'succeeded',
    });
  });

  it('fails for a known error, though the payload ended with status 0', () => {
    expect(judged([step('a'), step('b')], { inLogs: [inLog('b')] })).toMatchObject({
      verdict: 'failed',
      reason: '1 of 2 steps failed: b: line 3: Killed (logs/rec.log:7)',
      states: 'succeeded failed',
      totals: { failed: 1, errors: 1 },
    });
  });

  it.each([
    [{ exitStatus: 3 }, 'exit-status', 'the payload ended with exit status 3'],
    [{ exitStatus: 139, signal: 'SIGSEGV' }, 'signal', 'the payload was ended by SIGSEGV'],
    [
      { exitStatus: 137, signal: 'SIGKILL', outOfMemory: true },
      'signal',
      'memory limit exceeded: the payload was ended by SIGKILL',
    ],
    [
      { exitStatus: 137, signal: 'SIGKILL', timedOut: true, timeLimit: 60 },
      'time-limit',
      'the payload was killed after its time limit of 60 s',
    ],
    [{ coreDumps: ['core.17'] }, 'core-dump', 'core dumped: core.17'],
    [{ missing: ['AliESDs.root'] }, 'missing-output', 'no output AliESDs.root, which later stages read'],
  ])('fails for %o', (change, rule, message) => {
    expect(judged([step('a', change)])).toMatchObject({
      verdict: 'failed',
      reason: `1 of 1 step failed: a: ${message}`,
      states: 'failed',
      findings: [`error ${rule} a`],
    });
  });

  it('makes one finding of several core dumps of a step, whatever their processes are', () => {
    const of = (...coreDumps: string[]) =>
      judge({ steps: [step('a', { coreDumps })], inLogs: [] }, builtInCriteria(0)).findings;
    expect(of('core.17', 'core.18').map(({ message }) => message)).toEqual(['core dumped: core.17, core.18']);
    expect(of('core.17', 'core.18')[0]?.fingerprint).toBe(of('core.3')[0]?.fingerprint);
    expect(of('core.17', 'core')[0]?.fingerprint).not.toBe(of('core.3')[0]?.fingerprint);
  });

  it('joins the head of a stack trace to the crash just before it; elsewhere it is a finding', () => {
    const crash = inLog('a', {
      rule: 'segmentation-violation',
      line: 7,
      message: '*** Break *** segmentation violation',
    });
    const head = inLog('a', { rule: 'root-crash-trace', message: 'There was a crash.' });
    const found = (...inLogs: Finding[]) => judged([step('a')], { inLogs }).findings;
    expect(found(crash, { ...head, line: 9 })).toEqual(['error segmentation-violation a']);
    expect(found({ ...head, line: 9 })).toEqual(['error root-crash-trace a']);
    expect(found(crash, { ...head, line: 90 })).toHaveLength(2);
    expect(found(crash, { ...head, line: 9, file: 'logs/sim.log' })).toHaveLength(2);
  });

  it('is broken if a log could not be searched, and failed if another log has an error', () => {
    const unread = step('a', { unread: ['rec.log.zst cannot be looked at: zstd is missing on x'] });
    expect(judged([unread])).toMatchObject({
      verdict: 'broken',
      reason: '1 of 1 step is broken: a: not a clean log: rec.log.zst cannot be looked at: zstd is missing on x',
      findings: ['error no-log a'],
    });
    expect(judged([unread], { inLogs: [inLog('a')] })).toMatchObject({ verdict: 'failed', states: 'failed' });
  });

  it('adds the last lines to the finding about the end of a payload, unless the log explains it', () => {
    const lastLines = { file: 'stderr.log', lines: ['loading', 'x.sh: line 3: aliroot: command not found'] };
    const failed = step('a', { exitStatus: 127, lastLines, missing: ['x'] });
    const { findings, reason, steps } = judge({ steps: [failed], inLogs: [] }, builtInCriteria(0));
    expect(findings.map((one) => one.lastLines)).toEqual([lastLines, undefined]);
    expect(reason).toBe(
      '1 of 1 step failed: a: the payload ended with exit status 127: a command was not found; stderr.log ends: x.sh: line 3: aliroot: command not found',
    );
    expect(steps[0]).not.toHaveProperty('lastLines');
    const late = step('a', { exitStatus: 137, timedOut: true, lastLines });
    const merged = judge({ steps: [late], inLogs: [inLog('a')] }, builtInCriteria(0)).findings;
    expect(merged.map(({ rule, line, lastLines: last }) => [rule, line, last])).toEqual([['time-limit', 7, undefined]]);
  });

  it('recognises the end of a payload by its last lines, if they tell the cause', () => {
    const print = (change: Partial<StepOutcome>, file: string, ...lines: string[]) =>
      judge({ steps: [step('a', { ...change, lastLines: { file, lines } })], inLogs: [] }, builtInCriteria(0))
        .findings[0]?.fingerprint;
    const status = (...lines: string[]) => print({ exitStatus: 1 }, 'stdout.log', ...lines);
    expect(status('event 17', "KeyError: 'hPt'")).toBe(status('event 90817', "KeyError: 'hPt'"));
    expect(status("KeyError: 'hPt'")).not.toBe(status('ModuleNotFoundError: ROOT'));
    expect(print({ exitStatus: 1 }, 'stdout.log', 'x')).not.toBe(print({ exitStatus: 2 }, 'stdout.log', 'x'));
    // The last lines on stdout do not tell why a payload crashed or was killed.
    const crash = (signal: string, file: string, line: string) => print({ exitStatus: 139, signal }, file, line);
    expect(crash('SIGSEGV', 'stdout.log', 'reading')).toBe(crash('SIGSEGV', 'stdout.log', 'writing'));
    expect(crash('SIGSEGV', 'stderr.log', 'in AliA')).not.toBe(crash('SIGSEGV', 'stderr.log', 'in AliB'));
    expect(crash('SIGKILL', 'stderr.log', 'in AliA')).toBe(crash('SIGKILL', 'stderr.log', 'in AliB'));
    const late = (line: string) => print({ exitStatus: 137, signal: 'SIGKILL', timedOut: true }, 'stderr.log', line);
    expect(late('event a')).toBe(late('event b'));
  });

  it('treats missing outputs as a consequence of a failed payload', () => {
    expect(judged([step('a', { exitStatus: 1, missing: ['x'] })]).findings).toEqual([
      'error exit-status a',
      'warning missing-output a',
    ]);
    expect(judged([step('a', { missing: ['x'] })], { inLogs: [inLog('a')] }).findings).toEqual([
      'error killed a',
      'warning missing-output a',
    ]);
  });

  it('counts the same error once, and names all its steps', () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const same = { fingerprint: 'x', more: 1000 };
    expect(
      judged(
        ids.map((id) => step(id)),
        { inLogs: ids.map((id) => inLog(id, same)) },
      ),
    ).toMatchObject({
      reason: '5 of 5 steps failed: a, b, c and 2 others: line 3: Killed (logs/rec.log:7)',
      totals: { errors: 1 },
    });
  });

  it('names the first of several errors, and prefers the log to the exit status', () => {
    const steps = ['a', 'b', 'c', 'd', 'e'].map((id) => step(id, { exitStatus: 1 }));
    expect(judged(steps, { inLogs: [inLog('a')] }).reason).toBe(
      '5 of 5 steps failed, with 2 errors, the first in a: line 3: Killed (logs/rec.log:7)',
    );
  });

  it('shows the part of a long line around the match', () => {
    const reasonOf = (message: string, column?: number) =>
      judged([step('a')], { inLogs: [inLog('a', { message, column })] }).reason;
    const long = `${'a'.repeat(190)} Killed ${'b'.repeat(300)}`;
    const shown = `…${'a'.repeat(59)} Killed ${'b'.repeat(93)}… (logs/rec.log:7)`;
    expect(reasonOf(long, 192)).toBe(`1 of 1 step failed: a: ${shown}`);
    expect(reasonOf(`…${'a'.repeat(198)} ${long.slice(191)}`, 25_000_001)).toBe(`1 of 1 step failed: a: ${shown}`);
  });

  it('is broken when the infrastructure failed, whatever the log of the stopped payload contains', () => {
    expect(judged([step('a'), without('b', lost)], { inLogs: [inLog('b')] })).toMatchObject({
      verdict: 'broken',
      reason: '1 of 2 steps is broken: b: its worker was lost',
      states: 'succeeded broken',
      findings: ['warning killed b', 'error infrastructure b'],
    });
  });

  it('fails when a payload failed before its outputs could not be transferred', () => {
    expect(judged([step('a', { ...lost, exitStatus: 1 })])).toMatchObject({ verdict: 'failed', states: 'failed' });
    expect(judged([step('a', { ...lost, exitStatus: 0 })])).toMatchObject({ verdict: 'broken', states: 'broken' });
    expect(judged([step('a', { ...lost, exitStatus: 0 })], { inLogs: [inLog('a')] }).verdict).toBe('failed');
  });

  it('lets one failure win over broken and missing steps', () => {
    expect(
      judged([step('a', { exitStatus: 1 }), without('b', lost), without('c', { ending: 'waiting' })]),
    ).toMatchObject({
      verdict: 'failed',
      reason: '1 of 3 steps failed: a: the payload ended with exit status 1; 1 more step did not run, and 1 is broken',
      states: 'failed broken waiting',
      totals: { failed: 1, broken: 1, notRun: 1 },
    });
  });

  it('is broken when steps did not run, or left no result or no log', () => {
    expect(judged([without('a', { ending: 'waiting' })], { problem: 'makeflow ended with status 1' })).toMatchObject({
      verdict: 'broken',
      reason: '1 of 1 step did not run: makeflow ended with status 1',
    });
    expect(judged([without('a', { ending: 'running' })])).toMatchObject({ verdict: 'broken', states: 'broken' });
    expect(judged([step('a', { logs: [] })])).toMatchObject({ verdict: 'broken', findings: ['error no-log a'] });
    expect(judged([])).toMatchObject({ verdict: 'broken', reason: 'no step was run' });
    expect(judged([step('a')], { problem: 'the catalog ended' })).toMatchObject({
      verdict: 'broken',
      reason: 'the catalog ended',
    });
  });

  it('says why steps did not run that wait for a failed step', () => {
    const skipped = without('b', { ending: 'skipped', message: 'not run, because a did not succeed' });
    expect(judged([step('a', { exitStatus: 1 }), skipped])).toMatchObject({
      verdict: 'failed',
      states: 'failed waiting',
      findings: ['error exit-status a', 'info not-run b'],
    });
  });

  it('is interrupted when somebody stopped it, and counts the errors so far', () => {
    const steps = [
      step('a', { exitStatus: 1 }),
      without('b', { ending: 'running' }),
      without('c', { ending: 'waiting' }),
    ];
    expect(judged(steps, { interrupted: 'stopped by SIGINT' })).toMatchObject({
      verdict: 'interrupted',
      reason: 'stopped by SIGINT when 1 of 3 steps had ended; 1 error found so far',
      states: 'failed aborted waiting',
      findings: ['error exit-status a'],
    });
  });

  it('mentions earlier attempts as notes', () => {
    const { findings } = judge(
      {
        steps: [step('a', { attempts: 2, earlier: [{ attempt: 1, message: 'its worker was lost' }] })],
        inLogs: [],
      },
      builtInCriteria(0),
    );
    expect(findings).toMatchObject([{ severity: 'info', attempt: 1, message: 'tried again: its worker was lost' }]);
  });

  it('gives every finding a fingerprint, and leaves out internal fields', () => {
    const { findings, steps } = judge(
      { steps: [step('a', { missing: ['x'], coreDumps: ['core'] })], inLogs: [] },
      builtInCriteria(0),
    );
    expect(findings.every((finding) => /^[0-9a-f]{16}$/.test(finding.fingerprint ?? ''))).toBe(true);
    expect(Object.keys(JSON.parse(JSON.stringify(steps[0]))).sort()).toEqual([
      'attempts',
      'exitStatus',
      'id',
      'logs',
      'outputs',
      'stage',
      'state',
    ]);
  });
});
