import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { componentFinder, loadComponents } from '../../../validation/checks/components.ts';
import { builtInCriteria, type Criteria, judge } from '../../../validation/checks/judge.ts';
import type { StepOutcome } from '../../../validation/checks/outcome.ts';
import { policyNames } from '../../../validation/checks/policies.ts';
import { loadPolicy } from '../../../validation/checks/policy.ts';
import { parseRules } from '../../../validation/checks/rules.ts';
import { InputError } from '../../../validation/input/input-error.ts';
import type { Finding, StepReport } from '../../../validation/report/model.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-criteria-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}

const step = (id: string, change: Partial<StepOutcome> = {}): StepOutcome => ({
  ...{ id, stage: 'sim', attempts: 1, ending: 'ended', exitStatus: 0, logs: ['x'], outputs: [] },
  ...change,
});
const error = (id: string, message: string, change: Partial<Finding> = {}): Finding => ({
  ...{ step: id, stage: 'sim', attempt: 1, severity: 'error', rule: 'r', file: 'logs/x.log', line: 1, message },
  ...change,
});

const criteria = (more: Partial<Criteria> = {}): Criteria => ({ ...builtInCriteria(0), ...more });

/** A run with these errors, as a reference. */
function reference(inLogs: Finding[], steps: StepOutcome[] = [step('a'), step('b')]) {
  const report = { run: 'before', start: 0, ...judge({ steps, inLogs }, criteria()) };
  return { report, earlier: [report, report, report] };
}

function verdict(inLogs: Finding[], more: Partial<Criteria>, steps: StepOutcome[] = [step('a'), step('b')]) {
  const { verdict: is, reason } = judge({ steps, inLogs }, criteria(more));
  return `${is}: ${reason}`;
}

describe('a policy', () => {
  it('is a built-in policy, or a file whose mistakes are reported', () => {
    expect(policyNames()).toEqual(['default', 'new-errors', 'strict']);
    for (const name of policyNames()) expect(loadPolicy(name).name).toBe(name);
    const own = file('own.yaml', 'failOn: new errors\nwarnings: 3\nregressions: {peakMemory: fail}\n');
    expect(loadPolicy(own)).toMatchObject({
      name: 'own',
      failOn: 'new errors',
      warnings: 3,
      regressions: { duration: 'report', peakMemory: 'fail' },
    });
    expect(() => loadPolicy('none')).toThrow(/no policy none: expected a file, or one of default, new-errors, strict/);
    expect(() => loadPolicy(file('bad.yaml', 'failOn: some errors\nspeed: 3\n'))).toThrow(InputError);
    expect(() => loadPolicy(file('bad.yaml', 'failOn: some errors\nspeed: 3\n'))).toThrow(/bad\.yaml:1:9: failOn/);
  });

  it('lets any error fail a run, known or not, unless it says otherwise', () => {
    const before = reference([error('a', 'old')]);
    expect(verdict([error('b', 'old')], { reference: before })).toBe(
      'failed: 1 of 2 steps failed, with no new error and 1 known one: b: old (logs/x.log:1)',
    );
    expect(verdict([error('a', 'old'), error('b', 'fresh')], { reference: before })).toBe(
      'failed: 2 of 2 steps failed, with 1 new error and 1 known one: b: fresh (logs/x.log:1)',
    );
  });

  it('for new errors accepts known ones, and needs a reference to know them', () => {
    const policy = loadPolicy('new-errors');
    const before = reference([error('a', 'old')]);
    expect(verdict([error('b', 'old')], { policy, reference: before })).toBe(
      'passed: no new errors; policy new-errors accepts 1 known error in b',
    );
    expect(verdict([error('b', 'fresh')], { policy, reference: before })).toMatch(
      /^failed: 1 of 2 .* 1 new error: b: fresh/,
    );
    expect(verdict([error('b', 'old')], { policy })).toMatch(
      /^failed: .*; there is no good run to compare with, so every error counts as new$/,
    );
    const skipped = [step('a'), step('b', { ending: 'skipped' })];
    expect(verdict([error('a', 'old')], { policy, reference: before }, skipped)).toBe(
      'failed: 1 of 2 steps did not run because of 1 known error in a',
    );
    const { exitStatus: _, ...lost } = step('b', { ending: 'lost', message: 'its worker was lost' });
    expect(verdict([error('a', 'old')], { policy, reference: before }, [step('a'), lost])).toBe(
      'broken: 1 of 2 steps is broken: b: its worker was lost',
    );
  });

  it('may limit warnings, and let a slower stage fail the run', () => {
    const warnings = ['careful', 'look out'].map((text) => error('a', text, { severity: 'warning', more: 4 }));
    expect(verdict(warnings, { policy: { ...loadPolicy(), warnings: 2 } })).toMatch(/^passed: .*; 2 warnings$/);
    expect(verdict(warnings, { policy: { ...loadPolicy(), warnings: 1 } })).toBe(
      'failed: 2 warnings; policy default allows 1',
    );
    const timed = (seconds: number) => [step('a', { start: 0, end: 1000 * seconds })];
    const before = reference([], timed(10));
    expect(verdict([], { reference: before }, timed(20))).toMatch(/^passed: .*; slower than usual: a$/);
    const strict = { reference: before, policy: loadPolicy('strict') };
    expect(verdict([], strict, timed(20))).toBe(
      'failed: all steps succeeded, but slower than usual: a; policy strict does not allow this',
    );
    expect(verdict([], strict, timed(4))).toMatch(/^passed/);
  });
});

describe('rules for how a step ended', () => {
  const findings = (rules: string, outcome: StepOutcome, inLogs: Finding[] = []) =>
    judge({ steps: [outcome], inLogs }, criteria({ rules: parseRules('own', rules) })).findings.map(
      ({ severity, rule, message, known, line }) =>
        `${severity} ${rule}: ${message}${known ? ` (${known})` : ''}${line ?? ''}`,
    );

  it('compare time and memory with the request of the stage', () => {
    const rules = `rules:
      - {id: slow, check: time, above: 50%, severity: warning}
      - {id: very-slow, check: time, above: 90%, severity: error}
      - {id: fat, check: memory, above: 100%, severity: warning}`;
    const limits = { timeLimit: 100, memoryLimit: 1e9, start: 0 };
    expect(findings(rules, step('a', { ...limits, end: 50_000, peakMemory: 1e9 }))).toEqual([]);
    expect(findings(rules, step('a', { ...limits, end: 60_000, peakMemory: 2e9 }))).toEqual([
      'warning slow: it took 1 min of the 1 min 40 s that it may take',
      'warning fat: it had up to 1907 MiB in memory, and asks for 954 MiB',
    ]);
    expect(findings(rules, step('a', { ...limits, end: 95_000 }))).toEqual([
      'error very-slow: it took 1 min 35 s of the 1 min 40 s that it may take',
    ]);
  });

  it('have a scope and exceptions', () => {
    const rules = `rules:
      - {id: empty, check: empty-output, files: ['*.root'], severity: error}
      - id: status
        check: exit-status
        severity: error
        except: [{stages: [sim], contains: 'status 3', reason: no grid here, owner: Ann}]`;
    const outputs = [
      { name: 'a.root', size: 0 },
      { name: 'a.txt', size: 0 },
      { name: 'b.root', size: 1 },
    ];
    expect(findings(rules, step('a', { outputs }))).toEqual(['error empty: the output a.root is empty']);
    const excused = 'info status: the payload ended with exit status 3 (no grid here (Ann))';
    expect(findings(rules, step('a', { exitStatus: 3 }))).toEqual([excused]);
    expect(findings(rules, step('a', { exitStatus: 4 }))).toHaveLength(1);
    // Numbers match as whole numbers, and the last lines of the payload count as well.
    expect(findings(rules, step('a', { exitStatus: 39 }))[0]).toMatch(/^error/);
    const narrow = rules.replace("contains: 'status 3'", "matches: 'status 3\\n(.*\\n)*no grid'");
    const lastLines = (line: string) => ({ exitStatus: 3, lastLines: { file: 'stderr.log', lines: ['x', line] } });
    expect(findings(narrow, step('a', lastLines('no grid')))[0]).toMatch(/^info/);
    expect(findings(narrow, step('a', lastLines('no map')))[0]).toMatch(/^error/);
    expect(findings('rules: []', step('a', { exitStatus: 4, outputs }))).toEqual([]);
  });

  it('report exceptions that excused nothing although their steps ran, and those that have ended', () => {
    const rules = parseRules(
      'own',
      `rules:
        - id: status
          check: exit-status
          severity: error
          except:
            - {contains: 'status 3', reason: no grid here, owner: Ann, until: 2029-06-15}
            - {contains: 'status 4', reason: a guess, owner: Bob}
            - {stages: [other], reason: not run, owner: Bob}
        - {id: bad, contains: BAD, severity: error, except: [{matches: x, reason: old, owner: Cid}]}`,
    );
    const at = (day: string, change: Partial<StepOutcome>) =>
      judge({ steps: [step('a', change)], inLogs: [] }, criteria({ rules, now: Date.parse(day) }));
    const excused = at('2029-06-15', { exitStatus: 3 });
    expect(excused.findings).toMatchObject([{ severity: 'info', known: 'no grid here (Ann, until 2029-06-15)' }]);
    const [guess, old] = [
      { rule: 'status', exception: 'a guess (Bob)' },
      { rule: 'bad', exception: 'old (Cid)' },
    ];
    expect(excused.unneeded).toEqual([old, guess]);
    const late = at('2029-06-16', { exitStatus: 3 });
    expect(late.findings).toMatchObject([{ severity: 'error', expired: 'no grid here (Ann, until 2029-06-15)' }]);
    expect(late.unneeded).toEqual([old, guess]);
    expect(at('2029-06-15', {}).unneeded).toHaveLength(3);
    expect(at('2029-06-15', { ending: 'waiting' }).unneeded).toBeUndefined();
  });

  it('include a line of a log that only repeats them', () => {
    const killed = error('a', 'relval: Killed: the payload exceeded its time limit of 2 s', {
      rule: 'killed',
      line: 7,
    });
    const outcome = step('a', { exitStatus: 137, signal: 'SIGKILL', timedOut: true, timeLimit: 2 });
    const { findings: found } = judge({ steps: [outcome], inLogs: [killed] }, criteria());
    expect(found).toMatchObject([{ rule: 'time-limit', file: 'logs/x.log', line: 7 }]);
    const alone = judge({ steps: [outcome], inLogs: [] }, criteria()).findings;
    expect(found[0]?.fingerprint).toBe(alone[0]?.fingerprint);
    expect(judge({ steps: [step('a')], inLogs: [killed] }, criteria()).findings).toMatchObject([{ rule: 'killed' }]);
  });
});

describe('components', () => {
  const components = loadComponents();
  const of = (message: string, change: Partial<Finding> = {}) =>
    componentFinder(components)(error('sim0001', message, { file: 'stdout.log', ...change }));

  it.each([
    ['E-AliTPCclusterer::Digits2Clusters: no digits', 'TPC'],
    ['F-AliCDBManager::Get: No AliCDBEntry TRD/Calib/LocalT0', 'TRD'],
    ['Error in <TUnixSystem::FindFile>: libITSrec not found in path', 'ITS'],
    ['E-AliMUONReconstructor: no clusters', 'MUON'],
    ['F-AliCDBGrid::QueryCDB: no files in OCDB/T0/Calib/TimeDelay', 'T0'],
    ['E-AliADReconstructor: AliADRawStream', 'AD'],
    ['Error in cling::AutoloadingVisitor', 'ROOT'],
    ['tar: cannot read file data: Input/output error', 'storage'],
    ['E-AliV0vertexer: no V0', undefined],
    ['READ ADDRESS, ITEMS, UNITS', undefined],
    ['Killed', undefined],
  ])('are told from "%s": %s', (message, component) => {
    expect(of(message)).toBe(component);
  });

  it('are found from the innermost call of a crash, else from the log, else from the step', () => {
    const crash = ' *** Break *** segmentation violation';
    expect(of(crash, { trace: ['AliTOFtracker::Match', 'AliTPCtracker::Run'] })).toBe('TOF');
    expect(of(crash, { file: 'logs/PHOS.log', step: 'simQaMerge' })).toBe('PHOS');
    expect(of(crash, { step: 'simQaMerge' })).toBe('quality assurance');
  });

  it("have the user's contacts, and the user's patterns before the built-in ones", () => {
    const own = loadComponents(
      file('own.yaml', 'components: [{name: TPC, contacts: [Ann]}, {name: mine, messages: [special]}]'),
    );
    expect(own.find(({ name }) => name === 'TPC')).toMatchObject({ contacts: ['Ann'], files: ['*TPC*'] });
    expect(componentFinder(own)(error('a', 'AliTRD is special'))).toBe('mine');
    expect(() => loadComponents(file('bad.yaml', 'components: [{name: x, messages: ["(["]}]'))).toThrow(/bad\.yaml:1:/);
  });

  it('are sorted by new errors; a finding about a step belongs to the component of its log', () => {
    const steps = [step('a', { exitStatus: 1 }), step('b')];
    const inLogs = [error('a', 'AliTRD x'), error('b', 'AliTPC y'), error('b', 'AliTPC z')];
    const judged = judge({ steps, inLogs }, criteria({ reference: reference(inLogs.slice(1)) }));
    expect(judged.components).toEqual([
      { name: 'TRD', contacts: [], errors: 2, newErrors: 2, warnings: 0 },
      { name: 'TPC', contacts: [], errors: 2, newErrors: 0, warnings: 0 },
    ]);
    expect(judged.steps.map(({ state }: StepReport) => state)).toEqual(['failed', 'failed']);
  });
});
