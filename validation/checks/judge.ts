import type { Finding, Report, StepReport } from '../report/model.ts';
import { fixedSince, withAges } from './compare.ts';
import { type Component, componentFinder, loadComponents, summarizeComponents } from './components.ts';
import { isAboutInfrastructure, judgeStep } from './judge-step.ts';
import { findChanges } from './measures.ts';
import type { Outcome, StepOutcome } from './outcome.ts';
import { loadPolicy, type Policy } from './policy.ts';
import { digestOf, loadRules, type Rules } from './rules.ts';
import { unneededExceptions } from './unneeded.ts';
import { vanishedChanges, vanishedOutputs } from './vanished.ts';
import { countStates, decide } from './verdict.ts';

/** The rules, policy, components and reference that decide the verdict. */
export interface Criteria {
  rules: Rules;
  policy: Policy;
  components: readonly Component[];
  /** ms since 1970: decides which exceptions have expired. */
  now: number;
  reference?: Reference;
  /** See Subject. */
  referenceFiles?: readonly string[];
}

/** The runs that a run is compared with. */
export interface Reference {
  report: Pick<Report, 'run' | 'start' | 'findings' | 'steps' | 'rules'>;
  /** Earlier good runs, newest first, to compare times and sizes with. The reference may be one of them. */
  earlier: readonly Pick<Report, 'run' | 'steps'>[];
  /**
   * The reference and earlier good runs, newest first, up to and including the first in which a check found a difference.
   * Absent: only the reference.
   */
  alike?: readonly Pick<Report, 'run' | 'steps' | 'findings'>[];
  /** Set if a check found differences in the last run of `alike`: the good runs before it. */
  before?: readonly Pick<Report, 'run' | 'steps' | 'findings'>[];
}

/** The built-in rules, policy and components, and no reference. @throws {Error} when they cannot be read */
export function builtInCriteria(now: number): Criteria {
  return { rules: loadRules(), policy: loadPolicy(), components: loadComponents(), now };
}

export type Judgement = Omit<Report, 'schema' | 'run' | 'name' | 'workflow' | 'start' | 'end' | 'provenance'>;

/** Judges a run that has ended: decides the states of its steps, compares it with the reference, and decides the verdict. */
export function judge(outcome: Outcome, criteria: Criteria): Judgement {
  for (const judging = judgeInParts(outcome, criteria); ; ) {
    const part = judging.next();
    if (part.done) return part.value;
  }
}

/** The number of steps that are judged without a pause. */
const PART = 100;

/** The same in parts: between two of them the caller can do something else, because a large run takes seconds. */
export function* judgeInParts(outcome: Outcome, criteria: Criteria): Generator<undefined, Judgement> {
  const { rules, policy, components, now, reference } = criteria;
  const found: Finding[] = [];
  const steps: StepReport[] = [];
  const earlier = (reference?.earlier ?? []).map((run) => run.steps);
  const earlierById = earlier.map((run) => new Map(run.map((step) => [step.id, step])));
  const byStep = new Map(outcome.steps.map((step) => [step.id, [] as Finding[]]));
  for (const finding of [...outcome.inLogs, ...(outcome.inChecks ?? [])]) byStep.get(finding.step)?.push(finding);
  const interrupted = outcome.interrupted !== undefined;
  for (const [index, step] of outcome.steps.entries()) {
    if (index % PART === 0) yield;
    const vanished = vanishedOutputs(step, earlierById);
    const judged = judgeStep({ ...step, vanished }, byStep.get(step.id) ?? [], { interrupted, rules, now });
    found.push(...judged.findings);
    steps.push(reportOf(step, judged.state));
  }
  const aged = reference ? withAges(found, reference.report) : found;
  const findings = assign(aged, components);
  const changes = reference && [...vanishedChanges(steps, earlierById), ...findChanges(steps, earlier)];
  const unneeded = unneededExceptions(rules, findings, steps);
  const compared = reference && {
    reference: {
      run: reference.report.run,
      start: reference.report.start,
      runs: reference.earlier.map(({ run }) => run),
    },
    fixed: [
      ...fixedSince(reference.report, { findings, steps }, idsOf(rules)),
      ...assign(outcome.fixedInChecks ?? [], components),
    ],
    changes: changes ?? [],
  };
  return {
    ...decide({ outcome, steps, findings, policy, ...compared }),
    totals: countStates(steps, findings),
    findings,
    rules: digestOf(rules),
    policy: { name: policy.name, failOn: policy.failOn },
    ...compared,
    ...(unneeded.length > 0 && { unneeded }),
    components: summarizeComponents(findings, components),
    steps,
  };
}

/** The part of an outcome that the report has. All have one object shape, which takes a third of the memory of others. */
function reportOf(step: StepOutcome, state: StepReport['state']): StepReport {
  return {
    id: step.id,
    stage: step.stage,
    state,
    attempts: step.attempts,
    repeated: step.repeated,
    exitStatus: step.exitStatus,
    signal: step.signal,
    start: step.start,
    end: step.end,
    host: step.host,
    cpuTime: step.cpuTime,
    peakMemory: step.peakMemory,
    inputBytes: step.inputBytes,
    outputBytes: step.outputBytes,
    worker: step.worker,
    logs: step.logs,
    outputDir: step.outputDir,
    outputs: step.outputs,
  };
}

/** Ids of the rules that are switched on, and of findings that need no rule. */
function idsOf({ logs, steps }: Rules): Set<string> {
  return new Set([...logs, ...steps, { id: 'fan-out' }].map(({ id }) => id));
}

/** Gives each finding its component. A finding about a whole step gets the component of the first error in its logs. */
function assign(findings: readonly Finding[], components: readonly Component[]): Finding[] {
  const byLog = new Map<string, string>();
  const componentOf = componentFinder(components);
  const own = findings.map((finding) => {
    const component = componentOf(finding);
    const isError = finding.file !== undefined && finding.severity === 'error';
    if (isError && component !== undefined && !byLog.has(finding.step)) byLog.set(finding.step, component);
    return component;
  });
  return findings.map((finding, index) => {
    const component = own[index] ?? (isAboutInfrastructure(finding) ? undefined : byLog.get(finding.step));
    return component === undefined ? finding : { ...finding, component };
  });
}
