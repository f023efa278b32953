import type { Finding, Severity } from '../report/model.ts';
import { formatMemory } from '../units/size.ts';
import { formatDuration } from '../units/time.ts';
import { coversFile, coversStage } from '../workflow/scope.ts';
import { fingerprint, fold } from './fingerprint.ts';
import { version1Fingerprint } from './fingerprint-1.ts';
import { tellingLines } from './last-lines.ts';
import type { StepOutcome } from './outcome.ts';
import type { StepCheck, StepRule } from './rules.ts';
import { excuse, excuses, holds } from './scope.ts';

/** A fact about how a step ended. A rule decides how severe it is. */
interface Observation {
  check: StepCheck;
  message: string;
  /** The text for the fingerprint. Absent: the folded message. */
  kind?: string;
  /** The output that it is about. */
  output?: string;
  /** For a limit: the share of it that was used. */
  share?: number;
}

export interface StepFinding extends Finding {
  check: StepCheck;
  isOfOutputs: boolean;
}

/** Ends of a payload. The last lines that it wrote explain them. */
const ENDINGS: readonly StepCheck[] = ['exit-status', 'signal', 'time-limit'];

/** The meaning of exit statuses of shells. */
const SHELL_STATUS: Readonly<Record<number, string>> = {
  126: ': a command cannot be executed',
  127: ': a command was not found',
};

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

/** Applies the rules to how a step ended. If several rules cover one observation, the most severe rule counts, excused or not. */
export function applyStepRules(outcome: StepOutcome, rules: readonly StepRule[], now: number): StepFinding[] {
  return foundOf(outcome).flatMap((observation) => {
    const [first] = rules
      .filter((rule) => covers(rule, observation, outcome.stage))
      .sort((a, b) => RANK[a.severity] - RANK[b.severity]);
    return first ? [toFinding(first, observation, outcome, now)] : [];
  });
}

function covers(rule: StepRule, { check, output, share }: Observation, stage: string): boolean {
  if (rule.check !== check || !coversStage(rule, stage)) return false;
  if (rule.above !== undefined && (share ?? 0) <= rule.above) return false;
  return rule.files === undefined || (output !== undefined && coversFile(rule, output));
}

function toFinding(rule: StepRule, observation: Observation, outcome: StepOutcome, now: number): StepFinding {
  const { check, message, output } = observation;
  const words = ENDINGS.includes(check) ? outcome.lastLines?.lines : undefined;
  const fitting = rule.except?.filter(
    (one) =>
      coversStage(one, outcome.stage) &&
      (one.files === undefined || (output !== undefined && coversFile(one, output))) &&
      excuses(one, [message, ...(words ?? [])].join('\n')),
  );
  const excused = excuse(fitting?.find((one) => holds(one, now)) ?? fitting?.[0], now);
  const finding: Finding = {
    step: outcome.id,
    stage: outcome.stage,
    attempt: outcome.attempts,
    severity: excused.known === undefined ? rule.severity : 'info',
    rule: rule.id,
    message,
  };
  const kind = [observation.kind ?? fold(message), ...tellingLines(check, outcome)].join('\n');
  return {
    ...finding,
    fingerprint: fingerprint(finding, kind),
    earlierFingerprint: version1Fingerprint(finding, observation.share === undefined ? observation.kind : undefined),
    ...excused,
    check,
    isOfOutputs: output !== undefined,
    ...(outcome.lastLines && ENDINGS.includes(check) && { lastLines: outcome.lastLines }),
  };
}

function foundOf(outcome: StepOutcome): Observation[] {
  const { ending } = outcome;
  if (ending !== 'ended' && ending !== 'lost') return [];
  return [...ofPayload(outcome), ...(ending === 'ended' ? [...ofLimits(outcome), ...ofOutputs(outcome)] : [])];
}

function ofPayload({ exitStatus, signal, timedOut, outOfMemory, timeLimit, coreDumps }: StepOutcome): Observation[] {
  const found: Observation[] = [];
  const why = outOfMemory ? 'memory limit exceeded: ' : '';
  if (timedOut) {
    const limit = timeLimit === undefined ? 'its time limit' : `its time limit of ${timeLimit} s`;
    found.push({ check: 'time-limit', message: `the payload was killed after ${limit}` });
  } else if (signal) found.push({ check: 'signal', message: `${why}the payload was ended by ${signal}` });
  else if (exitStatus) {
    const said = SHELL_STATUS[exitStatus] ?? '';
    found.push({ check: 'exit-status', message: `${why}the payload ended with exit status ${exitStatus}${said}` });
  }
  if (coreDumps && coreDumps.length > 0) {
    // The number of processes that crashed does not matter.
    const kind = [...new Set(coreDumps.map((name) => fold(name)))].sort().join(' ');
    found.push({ check: 'core-dump', message: `core dumped: ${coreDumps.join(', ')}`, kind });
  }
  return found;
}

function ofLimits({ start, end, timedOut, timeLimit, peakMemory, memoryLimit }: StepOutcome): Observation[] {
  const found: Observation[] = [];
  if (timeLimit && start !== undefined && end !== undefined && !timedOut) {
    const seconds = (end - start) / 1000;
    const message = `it took ${formatDuration(seconds)} of the ${formatDuration(timeLimit)} that it may take`;
    found.push({ check: 'time', message, kind: 'near its time limit', share: seconds / timeLimit });
  }
  if (memoryLimit && peakMemory !== undefined) {
    const message = `it had up to ${formatMemory(peakMemory)} in memory, and asks for ${formatMemory(memoryLimit)}`;
    found.push({ check: 'memory', message, kind: 'above its memory', share: peakMemory / memoryLimit });
  }
  return found;
}

function ofOutputs(outcome: StepOutcome): Observation[] {
  const { missing = [], lacking = [], empty = [], cutOff = [], outputs, vanished = [], exitStatus, signal } = outcome;
  const unpacked = outputs.filter(({ size }) => size === 0).map(({ name }) => name);
  return [
    // A payload that failed is not expected to make all outputs.
    ...(exitStatus || signal ? [] : vanished).map((output): Observation => {
      return { check: 'vanished-output', message: `no output ${output}, which the runs before left`, output };
    }),
    ...missing.map((output): Observation => {
      return { check: 'missing-output', message: `no output ${output}, which later stages read`, output };
    }),
    ...(exitStatus || signal ? [] : lacking).map((entry): Observation => {
      const colon = entry.indexOf(':');
      const [archive, name] = [entry.slice(0, colon), entry.slice(colon + 1)];
      const message = name ? `no file ${name} for the archive ${archive}` : `the archive ${archive} has nothing in it`;
      return { check: 'missing-output', message, output: name || archive };
    }),
    ...[...unpacked, ...empty].map((output): Observation => {
      return { check: 'empty-output', message: `the output ${output} is empty`, output };
    }),
    ...cutOff.map((output): Observation => {
      return { check: 'cut-off-output', message: `the output ${output} is cut off: its end is missing`, output };
    }),
  ];
}
