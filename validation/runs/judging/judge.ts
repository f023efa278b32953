import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import { type Criteria, type Judgement, judgeInParts } from '../../checks/judge.ts';
import type { Subject } from '../../checks/kind.ts';
import { lastLines } from '../../checks/last-lines.ts';
import type { Outcome, StepOutcome } from '../../checks/outcome.ts';
import { type RunFacts, withFacts } from '../../checks/report.ts';
import { digestOf } from '../../checks/rules.ts';
import { type StepLogs, scanStepLogs } from '../../checks/step-logs.ts';
import { readRegular } from '../../files/regular-file.ts';
import { InputError } from '../../input/input-error.ts';
import type { Finding, Report } from '../../report/model.ts';
import { writeReport } from '../../report/write.ts';
import type { Plan } from '../../workflow/plan.ts';
import { attemptLogs, outcomeOf } from '../store/collect.ts';
import type { RunJournal } from '../store/journal.ts';
import { provenanceOf } from '../store/provenance.ts';
import type { RunRecord } from '../store/record.ts';
import { REPORT_LIMIT, type RunDir, RunStore, replaceFile } from '../store/store.ts';
import { type CriteriaChoice, checksOf, criteriaOf } from './criteria.ts';
import { withSince } from './history.ts';
import { PARTS } from './kinds.ts';

/** How a run ended. */
export interface RunEnd extends Pick<Outcome, 'interrupted' | 'problem'> {
  /** Findings in files that decide how many steps a stage has. */
  inMadeFiles: readonly Finding[];
}

/** outcome.json: the facts about a run that has ended, without the contents of its logs. It is enough to judge the run again. */
interface SavedOutcome extends RunEnd {
  schema: 'relval-outcome-1';
  facts: RunFacts;
  steps: StepOutcome[];
}

const OUTCOME = 'outcome.json';

interface JudgedRun {
  report: Report;
  /** Further files of kinds of checks, by name. */
  files: Record<string, string>;
}

/** Judges a run, writes its report, and records its end. */
export async function judgeRun(journal: RunJournal, plan: Plan, end: RunEnd): Promise<Report> {
  const { run } = journal;
  journal.attempts.close();
  journal.update({ state: 'judging' });
  // The outcome of a large run is not in memory any more when its report is written.
  const { report, files } = await judgeOutcome(journal, plan, end);
  await writeReport(run.reportDir, report, PARTS, files);
  journal.end(report.verdict, report.reason, report);
  return report;
}

/** Judges a run, and keeps the outcome by which it can be judged again. */
async function judgeOutcome(journal: RunJournal, plan: Plan, end: RunEnd): Promise<JudgedRun> {
  const { run, record, view } = journal;
  const now = steadyNow();
  const steps: StepOutcome[] = [];
  for (const [index, step] of plan.steps.entries()) {
    if (index % 100 === 0) await nextTurn();
    steps.push(outcomeOf(run, step, view.steps.get(step.id)));
  }
  const facts = {
    run: record.id,
    name: record.name,
    workflow: record.workflow,
    start: record.created,
    end: now,
    ...(view.heldUp.length > 0 && { heldUp: view.heldUp.map(({ message }) => message) }),
    provenance: { ...(await provenanceOf(plan, record, run.work)), ...hostsOf(steps) },
  };
  const saved: SavedOutcome = { schema: 'relval-outcome-1', facts, ...end, steps };
  replaceFile(join(run.path, OUTCOME), outcomeText(saved));
  const criteria = await judgedAlike(run, criteriaAtEnd(run, record, now));
  const { report, files } = await reportOn(run, saved, criteria, checksOf(run));
  return { report: await withSince(run, record, report), files };
}

/** Step by step: as one text, a large run would be in memory four times. */
function* outcomeText({ steps, ...others }: SavedOutcome): Generator<string> {
  yield `${JSON.stringify(others).slice(0, -1)},"steps":[`;
  for (const [index, step] of steps.entries()) yield `${index > 0 ? ',' : ''}${JSON.stringify(step)}`;
  yield ']}\n';
}

/** The machines that steps ran on. */
function namesOfHosts(steps: readonly StepOutcome[]): string[] {
  return [...new Set(steps.flatMap(({ host }) => host ?? []))].sort();
}

function hostsOf(steps: readonly StepOutcome[]): Record<string, string[]> {
  const hosts = namesOfHosts(steps);
  return hosts.length > 0 ? { 'worker hosts': hosts } : {};
}

/** The criteria at the end of a run. If the chosen reference was removed meanwhile, the last good run replaces it. */
function criteriaAtEnd(run: RunDir, record: RunRecord, now: number): Criteria {
  try {
    return criteriaOf(run, record, now);
  } catch (error) {
    if (!(error instanceof InputError) || record.request.reference === undefined) throw error;
    const { reference: _, ...request } = record.request;
    return criteriaOf(run, { ...record, request }, now);
  }
}

/**
 * Judges a run that has ended by other criteria. Its stored report does not change.
 * @throws {InputError} when it has not ended, or the criteria have mistakes
 */
export async function judgeAgain(run: RunDir, choice: CriteriaChoice, now: number): Promise<Report> {
  const record = run.readRecord();
  const saved = readOutcome(run, record.id);
  const criteria = await judgedAlike(run, criteriaOf(run, record, now, choice));
  return withSince(run, record, (await reportOn(run, saved, criteria, checksOf(run, choice))).report);
}

/**
 * The input of kinds of checks, for a run that has ended.
 * @throws {InputError} when it has not ended, or the criteria have mistakes
 */
export function subjectOf(run: RunDir, choice: CriteriaChoice, now: number): Subject {
  const record = run.readRecord();
  return subject(readOutcome(run, record.id), criteriaOf(run, record, now, choice));
}

function subject({ facts, steps }: SavedOutcome, { reference, referenceFiles, policy, now }: Criteria): Subject {
  const references = reference ? (reference.alike ?? [reference.report]) : [];
  return {
    ...{ run: facts.run, steps, references, policy, now },
    ...(reference?.before && { before: reference.before }),
    ...(referenceFiles && { referenceFiles }),
  };
}

/** @throws {InputError} when the run has not ended */
function readOutcome(run: RunDir, id: string): SavedOutcome {
  const file = join(run.path, OUTCOME);
  if (!existsSync(file)) throw new InputError([{ message: `${id} has not ended, so it cannot be judged` }]);
  return JSON.parse(readRegular(file, REPORT_LIMIT)) as SavedOutcome;
}

/**
 * Criteria whose reference was judged by the same rules. So an error that only today's rules find is not new, and an error that
 * they no longer search for is not fixed. If the reference was judged by other rules, its logs are searched again. If these
 * logs no longer exist, its stored findings are used.
 */
async function judgedAlike(run: RunDir, criteria: Criteria): Promise<Criteria> {
  const { reference, ...others } = criteria;
  if (!reference || reference.report.rules === digestOf(criteria.rules)) return criteria;
  const other = new RunStore(dirname(run.path)).find(reference.report.run);
  const file = join(other.path, OUTCOME);
  if (!existsSync(file)) return criteria;
  const saved = JSON.parse(readRegular(file, REPORT_LIMIT)) as SavedOutcome;
  if (!saved.steps.every(({ logs }) => logs.every((log) => existsSync(join(other.path, log))))) return criteria;
  const { findings, rules } = (await reportOn(other, saved, others)).report;
  return { ...others, reference: { ...reference, report: { ...reference.report, findings, ...(rules && { rules }) } } };
}

async function reportOn(
  run: RunDir,
  saved: SavedOutcome,
  criteria: Criteria,
  checks: ReturnType<typeof checksOf> = [],
): Promise<JudgedRun> {
  const { facts, steps, inMadeFiles, interrupted, problem } = saved;
  const inLogs: Finding[] = [...inMadeFiles];
  const options = { now: criteria.now, hosts: namesOfHosts(steps) };
  const withLastLines: StepOutcome[] = [];
  for (const [index, step] of steps.entries()) {
    // The logs of many steps are read without a pause, and signals and requests to stop must be heard.
    if (index % 100 === 0) await nextTurn();
    // A step that was to run again, and did not, has only logs that do not count any more.
    const logs = step.ending === 'waiting' ? undefined : attemptLogs(run, step.id, step.stage);
    if (logs) inLogs.push(...(await scanStepLogs(logs, criteria.rules.logs, options)));
    const last = logs && (step.exitStatus || step.signal) ? await lastLinesOf(logs) : undefined;
    withLastLines.push(last ? { ...step, lastLines: last } : step);
  }
  const inChecks: Finding[] = [];
  const fixedInChecks: Finding[] = [];
  const details: [string, unknown][] = [];
  const files: Record<string, string> = {};
  for (const { id, check } of checks) {
    const result = await check(subject(saved, criteria));
    if (!result) continue;
    inChecks.push(...result.findings);
    fixedInChecks.push(...(result.fixed ?? []));
    details.push([id, result.details]);
    Object.assign(files, result.files);
  }
  const outcome: Outcome = {
    steps: withLastLines,
    inLogs,
    ...{ inChecks, fixedInChecks },
    ...(interrupted !== undefined && { interrupted }),
    ...(problem !== undefined && { problem }),
  };
  const report = withFacts(facts, await judgeWithPauses(outcome, criteria));
  return { report: details.length > 0 ? { ...report, checks: Object.fromEntries(details) } : report, files };
}

async function judgeWithPauses(outcome: Outcome, criteria: Criteria): Promise<Judgement> {
  for (const judging = judgeInParts(outcome, criteria); ; await nextTurn()) {
    const part = judging.next();
    if (part.done) return part.value;
  }
}

function lastLinesOf({ directory, files }: StepLogs): ReturnType<typeof lastLines> {
  return lastLines((name) => (files.includes(name) ? join(directory, name) : undefined));
}
