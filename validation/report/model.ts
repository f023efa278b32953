import type { Since } from './since.ts';

/** The model of a report, which is rendered as text, HTML, JSON and JUnit XML. */

/** `broken`: the infrastructure failed. Nothing is said about the release. */
export type Verdict = 'passed' | 'failed' | 'broken' | 'interrupted';

export type Severity = 'error' | 'warning' | 'info';

/** The last lines that a payload wrote. */
export interface LastLines {
  /** Name of the log. */
  file: string;
  /** A few lines, in order; each may be cut. */
  lines: string[];
}

/** One thing that a check found in one place. */
export interface Finding {
  step: string;
  stage: string;
  attempt: number;
  severity: Severity;
  /** Id of the rule: a pattern, a check of the step as a whole, `infrastructure`, `no-log`, `not-run` or `fan-out`. */
  rule: string;
  /** Log file within the attempt's directory (`stdout.log`, `logs/sim.log`); absent if the finding is about the step as a whole. */
  file?: string;
  /** From 1. */
  line?: number;
  /** From 1, in characters. */
  column?: number;
  /** The line of the log, or a sentence. Text, never markup. It may hold any character except a line feed: see printable.ts. */
  message: string;
  /** A few lines of the log before and after, in order. */
  context?: { before: string[]; after: string[] };
  /** For a crash: the stack trace, innermost call first, without calls of system libraries. */
  trace?: string[];
  /** For a payload that failed without an error in a log: the last lines that it wrote. */
  lastLines?: LastLines;
  /** Number of further lines of the file that match the rule and are not listed. */
  more?: number;
  /** If an exception excuses it: the reason and the owner. Its severity is then `info`. */
  known?: string;
  /** If its exception has expired: the reason and the owner. */
  expired?: string;
  /** The same for the same error in another run, on another host, or in another step of the stage. */
  fingerprint?: string;
  /** The fingerprint that older versions of relval computed: it is compared with reports of those versions. */
  earlierFingerprint?: string;
  /** Whether the reference has it. Absent without a reference. */
  age?: 'new' | 'known';
  /** For a difference from the reference: the output file of the step and the object in it. No object: the file as a whole. */
  compared?: { file: string; object?: string };
  /** The component that it concerns. The report's `components` has its contacts. */
  component?: string;
}

export type StepState = 'waiting' | 'submitted' | 'running' | 'succeeded' | 'failed' | 'broken' | 'aborted';

/** How one step ended. `failed`: its payload failed; `broken`: the infrastructure failed in every attempt. */
export interface StepReport {
  id: string;
  stage: string;
  state: StepState;
  attempts: number;
  /** The attempt that had succeeded before the step ran again because a user wanted it: it and those before it say nothing here. */
  repeated?: number;
  exitStatus?: number;
  signal?: string;
  /** ms since 1970. */
  start?: number;
  end?: number;
  host?: string;
  /** Seconds of CPU time of the payload and its children. */
  cpuTime?: number;
  /** Bytes: the peak memory of the payload and its children. */
  peakMemory?: number;
  /** Bytes that were fetched (input) and stored (output). */
  inputBytes?: number;
  outputBytes?: number;
  worker?: string;
  /** Paths of its logs, relative to the run directory. */
  logs: string[];
  outputDir?: string;
  outputs: { name: string; size: number }[];
}

/** A time or size of a step or of a stage that changed beyond the noise. */
export interface Change {
  stage: string;
  /** Absent if it is the median of the stage. */
  step?: string;
  /** The name of the output, if the change is about one output. It got smaller, or it was not made (`value` 0). */
  output?: string;
  quantity: 'duration' | 'cpuTime' | 'peakMemory' | 'outputBytes';
  /** Seconds or bytes: `value` in this run, `usual` is the median of earlier good runs. */
  value: number;
  usual: number;
  /** Half of the range that counts as noise, in the same unit. */
  spread: number;
  /** Number of earlier runs that `usual` and `spread` come from. */
  runs: number;
  direction: 'more' | 'less';
}

export interface Report {
  schema: 'relval-report-1';
  run: string;
  name: string;
  workflow: string;
  verdict: Verdict;
  /** One sentence that says why. */
  reason: string;
  /** ms since 1970. */
  start: number;
  end: number;
  totals: {
    steps: number;
    succeeded: number;
    failed: number;
    broken: number;
    notRun: number;
    /** Distinct findings: the same finding in many lines or steps counts once, everywhere in a report. */
    errors: number;
    warnings: number;
  };
  findings: Finding[];
  /** Digest of the rules: 16 hexadecimal digits. Absent in reports of older versions of relval. */
  rules?: string;
  /** The policy: its name, and which errors fail a run. Absent: any error. */
  policy?: { name: string; failOn: 'any error' | 'new errors' };
  /** The run that it was compared with; absent if there was none. */
  reference?: {
    run: string;
    start: number;
    /** Earlier good runs of the workflow that durations and sizes are compared with, newest first. */
    runs: string[];
  };
  /** Findings of the reference that this run does not have. Only of steps that ran in both. */
  fixed?: Finding[];
  /** Times and sizes that differ from those of earlier runs, beyond the noise. */
  changes?: Change[];
  /**
   * Since when findings are there, by their fingerprint. Absent, or without a finding: no earlier night of this name can tell.
   */
  since?: Record<string, Since>;
  /** Exceptions that excused no finding. Absent: none. */
  unneeded?: { rule: string; exception: string }[];
  /** Components with findings and their contacts, those with new errors first. */
  components?: { name: string; contacts: string[]; errors: number; newErrors: number; warnings: number }[];
  steps: StepReport[];
  /** Why steps still waited at the end: workers that makeflow refused, and why no worker was launched. */
  heldUp?: string[];
  /** The details of each kind of check, by its id. */
  checks?: Record<string, unknown>;
  /** Release under test and what it was tested with: packages, tool versions, hosts. */
  provenance: Record<string, string | string[]>;
}
