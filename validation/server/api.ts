import type { CriticalStep } from '../graph/critical-path.ts';
import type { NamedHistory } from '../history/nights.ts';
import type { ComparedLog } from '../log-diff/answer.ts';
import type { Change, Finding, Report, Severity, StepState, Verdict } from '../report/model.ts';
import type { RunEvent } from '../runs/store/events.ts';
import type { RunStatus } from '../runs/store/record.ts';

export type { Trend } from '../history/trend.ts';
export type { ComparedLog, DiffPart, LogDiff } from '../log-diff/answer.ts';
export type { LogGroupsAnswer, LogLines, LogSearch } from '../logs/answers.ts';

/**
 * What the server answers below `/api/v1`, and what the page reads. All times are ms since 1970, all durations seconds,
 * all sizes bytes. Errors are `{error: {message}}` with the HTTP status that fits.
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
 * | `GET runs/ID/graph.svg?collapse&open` | SVG |
 * | `GET runs/ID/timeline` | `Timeline` |
 * | `GET runs/ID/critical-path` | `CriticalPath` |
 * | `GET history?workflow&limit` | `History` |
 * | `GET workflows` | `Workflows` |
 * | `GET workflows/NAME/history?last&since&release&format=json\|csv` | `Trend`, or CSV; NAME is a name of runs, or a workflow |
 * | `GET diff?a&b` | `Diff` |
 * | `GET cluster` | `Cluster` |
 * | `GET server` | `ServerInfo` |
 * | `POST runs`, `POST runs/ID/stop`, `…/resume`, `…/accept` | need the token: `StartRun` → 202 `Started`; nothing, nothing, `AcceptRun` → 200 `Done` |
 * | WebSocket `events?run=ID&offset` | `EventMessage`s; with `run`, its events from that offset on (default: from now on) |
 * | WebSocket `runs/ID/steps/STEP/log/follow?attempt&stream&offset&leftOut` | `FollowMessage`s; `leftOut`: the bytes that `LogLines` had as left out |
 *
 * `stream` is `stdout` (default), `stderr`, or the name of another log of the attempt (`logs/rec.log`); `attempt` is the
 * last one unless given. JSON answers have an ETag: `If-None-Match` gives 304.
 */
export interface RunSummary {
  id: string;
  name: string;
  workflow: string;
  /** Release under test, where it is known. */
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
  /** Of all that fit the filter. */
  total: number;
  /** Directories with a run.json that is none; on the first page. */
  unreadable?: { id: string; reason: string }[];
  /** Give it as `before` for the next page. */
  next?: string;
}

export interface StageSummary {
  name: string;
  phase: number;
  counts: Record<StepState, number>;
  /** Of the steps that have ended. */
  medianSeconds?: number;
  longestSeconds?: number;
}

export interface RunDetail extends RunSummary {
  directory: string;
  phase: number;
  stages: StageSummary[];
  /** From earlier runs of the same workflow; absent where there are none, or when it has ended. */
  expectedEnd?: number;
  /** Offset in events.ndjson up to which this answer goes: follow from there and miss nothing. */
  events: number;
  hasReport: boolean;
  /** Ids of the kinds of checks that have something in the report. */
  checks: string[];
  /** While it is under way: what keeps steps from being run. */
  heldUp?: string[];
  /** Lines of the pre-flight checks that kept it from starting, with what to do. */
  obstacles?: string[];
}

export interface StepSummary {
  id: string;
  stage: string;
  state: StepState;
  attempt: number;
  /** Since when it has its state. */
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
  /** The run that the findings were compared with; absent without one. */
  reference?: string;
  /** The last good run that has the same step, to lay its log beside. */
  lastGood?: ComparedLog;
}

export interface Timeline {
  start: number;
  end: number;
  stages: string[];
  workers: string[];
  /** One array per column keeps 10,000 steps small; -1 stands for "not yet" and "unknown". `stage` and `worker` are indices. */
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

/** The steps that decided when the run ended, in their order. */
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

/** What has a history: names of runs that have ended. */
export interface Workflows {
  workflows: NamedHistory[];
}

export interface Diff {
  a: RunSummary;
  b: RunSummary;
  /** In b only, in both, in a only. */
  new: Finding[];
  known: Finding[];
  fixed: Finding[];
  steps: { id: string; stage: string; stateA?: StepState; stateB?: StepState; secondsA?: number; secondsB?: number }[];
  /** What takes far more, or less, in b. */
  changes: Change[];
}

/** What the frameworks say of themselves: `/state` of each, as it is. */
export interface Cluster {
  /** `state` and `recent` are the answers of `/state` and `/recent`, see docs/framework.md. */
  frameworks: { url: string; reachable: boolean; error?: string; state?: unknown; recent?: unknown }[];
}

export type EventMessage =
  /** Something of that run changed; with `run=ID`, every event itself. */
  | { type: 'run'; run: RunSummary }
  /** A run that is no longer there. */
  | { type: 'gone'; run: string }
  /** `offset`: behind this event; a lost connection is taken up from there. */
  | { type: 'event'; run: string; offset: number; event: RunEvent }
  /** Every 20 s: a server that is not heard for longer is gone. */
  | { type: 'ping' };

export type FollowMessage =
  /**
   * Bytes of the log from `offset` to `next` as text; bytes that are no UTF-8 are replaced. Take up again from `next`.
   * `times`, as in `LogLines`: when the first byte came, and the one behind each line feed.
   */
  | { type: 'data'; offset: number; next: number; text: string; times?: (number | null)[] }
  /** The attempt has ended and all of its log was sent. */
  | { type: 'end'; size: number }
  /** From this offset on it is another one now: what was sent of that is void. Its final form came, or more was left out. */
  | { type: 'reset'; offset: number }
  /** Every 20 s. */
  | { type: 'ping' };

/** What this server can do, for a page that shows only buttons that work. */
export interface ServerInfo {
  version: string;
  /** The directory of runs. */
  runs: string;
  /** There is a token: with it, runs can be stopped, resumed and accepted. */
  actions: boolean;
  /** Directories whose JDLs and workflows can be started, with the token. */
  inputs: string[];
  /** Nightlies can be started, with the token. */
  nightlies: boolean;
  /** Exceptions can be added to a rule file, with the token. */
  exceptions: boolean;
}

/** What can be started. */
export interface Startables {
  /** Paths of JDLs and workflows. */
  inputs: string[];
  /** There are more inputs than are listed. */
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

/** Steps of a run that has ended run again, and the run is judged again. */
export type RetrySteps = { steps: string[] } | { failed: true };

/** As the flags of `relval run`; `input` and `workflow` are paths on the server, below one of its directories of inputs. */
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
