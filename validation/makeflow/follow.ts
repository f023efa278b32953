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
 * @param onEvents called with the new events of both, in the order of their times, after makeflow's events are in `flow`
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
      for (const event of ofMakeflow) applyEvent(flow, event);
      const events = inOrder(ofMakeflow, ofJobs);
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

/** Merges by time, but keeps each log's own order: a clock that was set back must not change it. */
export function inOrder(a: readonly FlowEvent[], b: readonly FlowEvent[]): FlowEvent[] {
  const merged: FlowEvent[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const [first, second] = [a[i], b[j]];
    if (first && (!second || first.time <= second.time)) {
      merged.push(first);
      i++;
    } else if (second) {
      merged.push(second);
      j++;
    }
  }
  return merged;
}
