/** What a run amounts to, and everything a report shows: one model, rendered as text, HTML, JSON and JUnit. */

/** `broken`: the infrastructure failed, nothing is said about the release. */
export type Verdict = 'passed' | 'failed' | 'broken' | 'interrupted';

export type Severity = 'error' | 'warning' | 'info';

/** What a payload wrote last. */
export interface LastLines {
  /** Name of the log. */
  file: string;
  /** A few, in their order; each may be cut. */
  lines: string[];
}

/** One thing that was found wrong, in one place. */
export interface Finding {
  step: string;
  stage: string;
  attempt: number;
  severity: Severity;
  /** Name of the rule that made it: a pattern's id, that of a check of the step as a whole, `infrastructure`, `no-log`, `not-run` or `fan-out`. */
  rule: string;
  /** Log file within the attempt's directory (`stdout.log`, `logs/sim.log`); absent where the finding is about the step as a whole. */
  file?: string;
  /** From 1. */
  line?: number;
  /** From 1, in characters. */
  column?: number;
  /** The line of the log, or a sentence; as text, never markup. May hold any character but a line feed: see printable.ts. */
  message: string;
  /** A few lines of the log before and after, in their order. */
  context?: { before: string[]; after: string[] };
  /** Of a crash: the calls that led there, the innermost first, without those of the system's libraries. */
  trace?: string[];
  /** Of how a payload ended, where no line of a log says it: the last lines that it wrote. */
  lastLines?: LastLines;
  /** Further lines of the file that the rule is about, which are counted and not listed. */
  more?: number;
  /** Why it is excused, and by whom; its severity is then info. */
  known?: string;
  /** The exception that would excuse it, had it not ended, and by whom. */
  expired?: string;
  /** The same for the same trouble in another run, on another host, in another step of the stage. */
  fingerprint?: string;
  /** What releases before made of it: by that it is recognized in the report of a run whose findings have none. */
  earlierFingerprint?: string;
  /** Compared with the reference run: not there, or there too. Absent when there is no reference. */
  age?: 'new' | 'known';
  /** Detector or other part that it concerns; who must look is in the report's `components`. */
  component?: string;
}

export type StepState = 'waiting' | 'submitted' | 'running' | 'succeeded' | 'failed' | 'broken' | 'aborted';

/** How one step ended. `failed`: its payload did; `broken`: the infrastructure did, after all attempts. */
export interface StepReport {
  id: string;
  stage: string;
  state: StepState;
  attempts: number;
  exitStatus?: number;
  signal?: string;
  /** ms since 1970. */
  start?: number;
  end?: number;
  host?: string;
  /** Seconds of CPU time of the payload and its children. */
  cpuTime?: number;
  /** Bytes: the most that the payload and its children had in memory at a time. */
  peakMemory?: number;
  /** Bytes that were fetched and stored. */
  inputBytes?: number;
  outputBytes?: number;
  worker?: string;
  /** Paths of its logs, relative to the run directory. */
  logs: string[];
  outputDir?: string;
  outputs: { name: string; size: number }[];
}

/** A quantity of a step, or of a whole stage, that is not what it was. */
export interface Change {
  stage: string;
  /** Absent where it is the stage's median. */
  step?: string;
  quantity: 'duration' | 'cpuTime' | 'peakMemory' | 'outputBytes';
  /** Seconds or bytes, now and (median) in the earlier runs. */
  value: number;
  usual: number;
  /** Half of the range that counts as noise, in the same unit. */
  spread: number;
  /** How many earlier runs that is from. */
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
    /** What is the same counts once, in however many lines and steps it is: so everywhere in a report. */
    errors: number;
    warnings: number;
  };
  findings: Finding[];
  /** What tells the rules that it was judged by from others: 16 hexadecimal digits. Absent: by a release before. */
  rules?: string;
  /** What it was judged by: its name, and what fails a run. Absent: any error does. */
  policy?: { name: string; failOn: 'any error' | 'new errors' };
  /** What the run was compared with; absent when there was nothing. */
  reference?: {
    run: string;
    start: number;
    /** Earlier good runs of the workflow that durations and sizes are compared with, newest first. */
    runs: string[];
  };
  /** Findings of the reference run that are gone. Only of steps that ran in both. */
  fixed?: Finding[];
  /** What takes more (or less) than earlier runs did, beyond their spread. */
  changes?: Change[];
  /** Exceptions that excused nothing, by rule. Absent: none. */
  unneeded?: { rule: string; exception: string }[];
  /** Who must look, those with new errors first. */
  components?: { name: string; contacts: string[]; errors: number; newErrors: number; warnings: number }[];
  steps: StepReport[];
  /** Release under test and what it was tested with: packages, tool versions, hosts. */
  provenance: Record<string, string | string[]>;
}
