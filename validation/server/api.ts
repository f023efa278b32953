import type { Finding, Report, Severity, StepState, Verdict } from '../report/model.ts';
import type { RunEvent } from '../runs/events.ts';
import type { RunStatus } from '../runs/record.ts';

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
 * | `GET runs/ID/steps/STEP/log?attempt&stream&offset&limit` | bytes, also by `Range` |
 * | `GET runs/ID/steps/STEP/log?attempt&stream&line&lines` | `LogLines` |
 * | `GET runs/ID/steps/STEP/log/search?attempt&stream&q&regex&case&after&limit` | `LogSearch` |
 * | `GET runs/ID/report?format=json\|html\|junit\|text` | `Report`, or the rendered file |
 * | `GET runs/ID/graph.svg?collapse` | SVG |
 * | `GET runs/ID/timeline` | `Timeline` |
 * | `GET history?workflow&limit` | `History` |
 * | `GET diff?a&b` | `Diff` |
 * | `GET cluster` | `Cluster` |
 * | `POST runs`, `POST runs/ID/stop`, `…/resume`, `…/accept` | need the token |
 * | WebSocket `events?run=ID` | `EventMessage`s |
 * | WebSocket `runs/ID/steps/STEP/log/follow?attempt&stream&offset` | `FollowMessage`s |
 *
 * `stream` is `stdout`, `stderr`, or the name of another log of the attempt (`logs/rec.log`).
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
  /** The last good run that has the same step, to lay its log beside. */
  lastGood?: { run: string; attempt: number };
}

export interface LogLines {
  /** Number of the first line, from 1. */
  from: number;
  /** Without line ends; a line of more than 64 kB is cut and ends with a note of how much is missing. */
  lines: string[];
  /** Lines of the whole log, as far as it is now; the last one may be unfinished. */
  total: number;
  size: number;
  /** No more will come. */
  complete: boolean;
}

export interface LogSearch {
  matches: { line: number; column: number; text: string }[];
  /** Where to go on (`after`), when there may be more. */
  next?: number;
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

export interface History {
  workflows: {
    workflow: string;
    name: string;
    runs: Pick<RunSummary, 'id' | 'status' | 'created' | 'ended' | 'newErrors'>[];
  }[];
}

export interface Diff {
  a: RunSummary;
  b: RunSummary;
  /** In b only, in both, in a only. */
  new: Finding[];
  known: Finding[];
  fixed: Finding[];
  steps: { id: string; stage: string; stateA?: StepState; stateB?: StepState; secondsA?: number; secondsB?: number }[];
}

/** What the frameworks say of themselves: `/state` of each, as it is. */
export interface Cluster {
  frameworks: { url: string; reachable: boolean; error?: string; state?: unknown }[];
}

export type EventMessage =
  /** Something of that run changed; with `run=ID`, every event itself. */
  { type: 'run'; run: RunSummary } | { type: 'event'; run: string; offset: number; event: RunEvent } | { type: 'ping' };

export type FollowMessage =
  /** Bytes of the log as text, from this offset on; bytes that are no UTF-8 are replaced. */
  | { type: 'data'; offset: number; text: string }
  /** The attempt has ended and all of its log was sent. */
  | { type: 'end'; size: number }
  /** The file was replaced by its final form: start again from this offset. */
  | { type: 'reset'; offset: number };

export type { Report, Severity, Verdict };
