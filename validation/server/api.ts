import type { CriticalStep } from '../graph/critical-path.ts';
import type { NamedHistory } from '../history/nights.ts';
import type { ComparedLog } from '../log-diff/answer.ts';
import type { Change, Finding, Report, Severity, StepState, Verdict } from '../report/model.ts';
import type { Since } from '../report/since.ts';
import type { RunEvent } from '../runs/store/events.ts';
import type { RunStatus } from '../runs/store/record.ts';

export type { Trend } from '../history/trend.ts';
export type { ComparedLog, DiffPart, LogDiff } from '../log-diff/answer.ts';
export type { LogGroupsAnswer, LogLines, LogSearch } from '../logs/answers.ts';

/**
 * The interface below `/api/v1`, which the page uses. Times are ms since 1970, durations are seconds, sizes are bytes. An error
 * is `{error: {message}}` with the matching HTTP status.
 *
 * | method and path | answer |
 * | --- | --- |
 * | `GET runs?limit&before&workflow&status&search` | `RunPage`, newest first |
 * | `GET runs/ID` | `RunDetail` |
 * | `GET runs/ID/steps?stage&state&search&offset&limit` | `StepPage` |
 * | `GET runs/ID/steps/STEP` | `StepDetail` |
 * | `GET runs/ID/steps/STEP/log?attempt&stream&offset&limit&download` | bytes as text/plain, also by `Range`; `download`: as a file |
 * | `GET runs/ID/steps/STEP/log?attempt&stream&line&lines` | `LogLines`; `line=-100`: the last 100 |
 * | `GET runs/ID/steps/STEP/log/search?attempt&stream&q&regex&case&after&limit` | `LogSearch` |
 * | `GET runs/ID/steps/STEP/log/groups?attempt&stream&after` | `LogGroupsAnswer` |
 * | `GET runs/ID/steps/STEP/log-diff?attempt&stream&reference&referenceAttempt&exact&after` | `LogDiff` |
 * | `GET runs/ID/report?format=json\|html\|junit\|text` | `Report`, or the rendered file; `html` leads to `report/index.html`, whose links to logs work |
 * | `GET runs/ID/steps/STEP/ATTEMPT/FILE` | a log as text/plain, by the path that it has in the run directory |
 * | `GET runs/ID/graph.svg?collapse&open&wide&bare` | SVG |
 * | `GET runs/ID/timeline` | `Timeline` |
 * | `GET runs/ID/critical-path` | `CriticalPath` |
 * | `GET history?workflow&limit` | `History` |
 * | `GET workflows?last` | `Workflows`; `last`: nights of each name |
 * | `GET workflows/NAME/history?last&since&release&format=json\|csv` | `Trend`, or CSV; NAME is a name of runs, or a workflow |
 * | `GET diff?a&b` | `Diff` |
 * | `GET cluster` | `Cluster` |
 * | `GET server` | `ServerInfo` |
 * | `POST runs`, `POST runs/ID/stop`, `…/resume`, `…/accept` | need the token: `StartRun` → 202 `Started`; nothing, nothing, `AcceptRun` → 200 `Done` |
 * | WebSocket `events?run=ID&offset` | `EventMessage`s; with `run`, the events of that run from the offset on (default: from now on) |
 * | WebSocket `runs/ID/steps/STEP/log/follow?attempt&stream&offset&leftOut` | `FollowMessage`s; `leftOut`: the bytes that `LogLines` had as left out |
 *
 * `stream` is `stdout` (default), `stderr`, or the name of another log of the attempt (`logs/rec.log`). The default of `attempt`
 * is the last one. JSON answers have an ETag: `If-None-Match` gives 304.
 */
export interface RunSummary {
  id: string;
  name: string;
  workflow: string;
  /** The release under test, if known. */
  release?: string;
  status: RunStatus;
  reason?: string;
  created: number;
  ended?: number;
  totals: { steps: number; succeeded: number; failed: number; broken: number; running: number };
  /** Findings that the reference run did not have; absent without a report or a reference. */
  newErrors?: number;
  errors?: number;
  warnings?: number;
  fixed?: number;
  accepted?: { time: number; by: string; note: string };
}

export interface RunPage {
  runs: RunSummary[];
  /** The number of all runs that match the filter. */
  total: number;
  /** Directories whose run.json is not valid; only on the first page. */
  unreadable?: { id: string; reason: string }[];
  /** For the next page, send this as `before`. */
  next?: string;
}

export interface StageSummary {
  name: string;
  phase: number;
  counts: Record<StepState, number>;
  /** Over the steps that have ended. */
  medianSeconds?: number;
  longestSeconds?: number;
}

export interface RunDetail extends RunSummary {
  directory: string;
  phase: number;
  stages: StageSummary[];
  /** Estimated from earlier runs of the same workflow; absent if there are none, or if the run has ended. */
  expectedEnd?: number;
  /** The answer includes the events up to this offset in events.ndjson. Follow the events from there. */
  events: number;
  hasReport: boolean;
  /** Ids of the kinds of checks with a result in the report. */
  checks: string[];
  /** While the run goes on: the reasons why steps wait. */
  heldUp?: string[];
  /** Results of the pre-flight checks that prevented the start, with advice; lines of text. */
  obstacles?: string[];
}

export interface StepSummary {
  id: string;
  stage: string;
  state: StepState;
  attempt: number;
  /** When it entered its state. */
  since?: number;
  start?: number;
  seconds?: number;
  worker?: string;
  host?: string;
  message?: string;
  cpuTime?: number;
  /** Bytes. */
  peakMemory?: number;
  /** Findings of severity error. */
  errors?: number;
}

export interface StepPage {
  steps: StepSummary[];
  total: number;
}

export interface StepDetail extends StepSummary {
  attempts: {
    number: number;
    start?: number;
    end?: number;
    host?: string;
    message?: string;
    exitStatus?: number;
    signal?: string;
    logs: { stream: string; size: number }[];
  }[];
  findings: Finding[];
  /** Contacts of the findings' components, by the component's name. */
  contacts?: Record<string, string[]>;
  /** Since when the findings are there, by their fingerprint. */
  findingsSince?: Record<string, Since>;
  /** The run that the findings were compared with; absent without one. */
  reference?: string;
  /** The last good run that has the same step. The page compares the log with that run's log. */
  lastGood?: ComparedLog;
}

export interface Timeline {
  start: number;
  end: number;
  stages: string[];
  workers: string[];
  /** One array for each column, to keep 10,000 steps small. -1 means "not yet" or "unknown". `stage` and `worker` are indices. */
  steps: {
    id: string[];
    stage: number[];
    state: StepState[];
    submitted: number[];
    started: number[];
    ended: number[];
    worker: number[];
  };
}

/** The steps that decided when the run ended, in the order in which they ran. */
export interface CriticalPath {
  steps: CriticalStep[];
}

export interface History {
  workflows: {
    workflow: string;
    name: string;
    runs: Pick<RunSummary, 'id' | 'status' | 'created' | 'ended' | 'newErrors'>[];
  }[];
}

/** The names that have a history: those of runs that have ended. */
export interface Workflows {
  workflows: NamedHistory[];
}

export interface Diff {
  a: RunSummary;
  b: RunSummary;
  /** Findings only in b, in both, and only in a. */
  new: Finding[];
  known: Finding[];
  fixed: Finding[];
  steps: { id: string; stage: string; stateA?: StepState; stateB?: StepState; secondsA?: number; secondsB?: number }[];
  /** Steps and stages that need much more, or much less, in b. */
  changes: Change[];
}

/** The state of each framework, unchanged. */
export interface Cluster {
  /** `state` and `recent` are the answers of `/state` and `/recent`, see docs/framework.md. */
  frameworks: { url: string; reachable: boolean; error?: string; state?: unknown; recent?: unknown }[];
}

export type EventMessage =
  /** The run has changed. With `run=ID` the events come instead. */
  | { type: 'run'; run: RunSummary }
  /** The run was removed. */
  | { type: 'gone'; run: string }
  /** `offset`: after this event. After a lost connection, continue from there. */
  | { type: 'event'; run: string; offset: number; event: RunEvent }
  /** Sent every 20 s. If nothing comes for longer, the connection is lost. */
  | { type: 'ping' };

export type FollowMessage =
  /**
   * Bytes of the log from `offset` to `next` as text; bytes that are not UTF-8 are replaced. After a lost connection, continue
   * from `next`. `times`, as in `LogLines`: when the first byte arrived, and the first byte after each line feed.
   */
  | { type: 'data'; offset: number; next: number; text: string; times?: (number | null)[] }
  /** The attempt has ended and all of its log was sent. */
  | { type: 'end'; size: number }
  /** From this offset on the log has changed: discard what was sent of it. It got its final form, or more was left out. */
  | { type: 'reset'; offset: number }
  /** Sent every 20 s. */
  | { type: 'ping' };

/** The abilities of this server. The page shows only buttons that work. */
export interface ServerInfo {
  version: string;
  /** The directory of runs. */
  runs: string;
  /** The server has a token, so that clients with the token can stop, resume and accept runs. */
  actions: boolean;
  /** Directories of JDLs and workflows that clients with the token can start. */
  inputs: string[];
  /** Clients with the token can start nightlies. */
  nightlies: boolean;
  /** Clients with the token can add exceptions to a rule file. */
  exceptions: boolean;
}

/** The inputs and nightlies that can be started. */
export interface Startables {
  /** Paths of JDLs and workflows. */
  inputs: string[];
  /** There are more inputs than the list has. */
  more: boolean;
  nightlies: { name: string; description?: string }[];
  /** Why the nightlies cannot be read. */
  problem?: string;
}

/** An exception as YAML: a rule file, or a part of one. */
export interface ExceptionText {
  yaml: string;
}

/** Starts a nightly now, not at its time. */
export interface StartNightly {
  nightly: string;
}

/** Runs steps of a run that has ended again, and judges the run again. */
export type RetrySteps = { steps: string[] } | { failed: true };

/** The keys are flags of `relval run`. `input` and `workflow` are paths on the server, below one of its directories of inputs. */
export interface StartRun {
  input: string;
  workflow?: string;
  name?: string;
  set?: string[];
  setAppend?: string[];
  arg?: string[];
  startAt?: string;
  stopAt?: string;
  only?: string;
  /** Id of the run that has the outputs of the stages that are not run. */
  from?: string;
  retries?: number;
  /** Either `true`, or a catalog. */
  local?: boolean;
  /** `HOST:PORT` */
  catalog?: string;
}

export interface AcceptRun {
  note: string;
  by?: string;
}

export interface Started {
  run: string;
}

export interface Done {
  /** A sentence about what was done. */
  message: string;
}

export type { Report, Severity, Verdict };
