import { steadyNow } from '../../framework/tools/steady-clock.ts';
import type { JobLog } from './batch.ts';
import { LineTail, watchFiles } from './follow-lines.ts';
import { applyEvent, emptyFlow, type FlowState, type LogEvent, parseLogLine } from './transaction-log.ts';
import type { WorkerLogEvent } from './worker-log.ts';

/** What the logs of makeflow and of the system that runs its jobs tell of one workflow. */
export type FlowEvent = LogEvent | WorkerLogEvent;

export interface FollowOptions {
  /** ms between reads of the files, in addition to reads after the kernel's notices. @default 250 */
  pollInterval?: number;
}

/** Both logs, read from their beginnings as they grow. */
export interface FlowFollower {
  /** The state from makeflow's log. */
  readonly flow: FlowState;
  /** Reads what is there now. Call it after the writer has ended, before using the state. */
  look: () => void;
  close: () => void;
}

/** After many notices in a row, ms until the next read. */
const BURST_MS = 20;

/**
 * Follows the log of makeflow and that of its jobs, which need not exist yet.
 * @param transactions path of makeflow's log
 * @param onEvents called with the new events of both, in the order of their times, after makeflow's events are in `flow`.
 *   Their times are by this process's steady clock
 * @param onError a log cannot be read or has become shorter, or `onEvents` has thrown: following has ended
 */
export function followFlow(
  transactions: string,
  jobLog: JobLog,
  onEvents: (events: FlowEvent[], flow: FlowState) => void,
  onError: (error: Error) => void,
  { pollInterval = 250 }: FollowOptions = {},
): FlowFollower {
  const flow = emptyFlow();
  const makeflow = new LineTail(transactions);
  const jobs = new LineTail(jobLog.path);
  let closed = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let soon: NodeJS.Timeout | undefined;

  function close(): void {
    closed = true;
    clearTimeout(soon);
    watcher.close();
  }

  function look(): void {
    clearTimeout(soon);
    soon = undefined;
    if (closed) return;
    try {
      // makeflow's log first: then all that was written of a job before its end is there too
      const ofMakeflow = makeflow.read().flatMap((line) => parseLogLine(line) ?? []);
      const ofJobs = jobLog.read(jobs.read());
      const [now, wall, since] = [steadyNow(), Date.now(), lookedAt];
      const here = <E extends FlowEvent>(event: E): E => ({ ...event, time: timeHere(event.time, now, wall, since) });
      lookedAt = now;
      for (const event of ofMakeflow) applyEvent(flow, here(event));
      const events = inOrder(ofMakeflow, ofJobs).map(here);
      if (events.length > 0) onEvents(events, flow);
    } catch (error) {
      close();
      onError(error as Error);
    }
  }

  const watcher = watchFiles(
    [transactions, jobLog.path],
    () => {
      soon ??= setTimeout(look, BURST_MS);
    },
    pollInterval,
  );
  soon = setTimeout(look, 0);
  return { flow, look, close };
}

/**
 * Translates the time of a log's line into the time of this process's steady clock, which differs when the machine's clock was
 * set. All times are in ms since 1970.
 * @param time of the line, by the machine's clock
 * @param now by the steady clock
 * @param wall now by the machine's clock
 * @param since when the log was read before, by the steady clock: the line was written after that
 */
export function timeHere(time: number, now: number, wall: number, since: number): number {
  return Math.min(now, Math.max(since, now - (wall - time)));
}

/**
 * Merges by time, but keeps each log's own order. When the machine's clock is set back, both logs show it: what stands before
 * that in one log comes before what stands after that in the other.
 */
export function inOrder(a: readonly FlowEvent[], b: readonly FlowEvent[]): FlowEvent[] {
  const [jumpsOfA, jumpsOfB] = [jumpsBefore(a), jumpsBefore(b)];
  const shown = Math.min(jumpsOfA.at(-1) ?? 0, jumpsOfB.at(-1) ?? 0);
  const isFirst = (i: number, j: number): boolean => {
    const [ofA, ofB] = [Math.min(shown, jumpsOfA[i] ?? 0), Math.min(shown, jumpsOfB[j] ?? 0)];
    return ofA === ofB ? (a[i]?.time ?? 0) <= (b[j]?.time ?? 0) : ofA < ofB;
  };
  const merged: FlowEvent[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [first, second] = [a[i], b[j]];
    if (first && (!second || isFirst(i, j))) {
      merged.push(first);
      i++;
    } else if (second) {
      merged.push(second);
      j++;
    }
  }
  return merged;
}

/** For each event of a log, how often the clock was set back before it. */
function jumpsBefore(events: readonly FlowEvent[]): number[] {
  let jumps = 0;
  return events.map(({ time }, n) => {
    if (time < (events[n - 1]?.time ?? time)) jumps++;
    return jumps;
  });
}
