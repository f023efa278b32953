/**
 * Makeflow's transaction log (`*.makeflowlog`) as data. Every start of makeflow appends to it. Only this log says what
 * became of a rule: makeflow's exit status does not. Formats: the comments of cctools' makeflow_log.h, and logs of real runs.
 */

/** In the order of the numbers in the log. `running` means submitted, but not yet on a worker. */
const NODE_STATES = ['waiting', 'running', 'complete', 'failed', 'aborted'] as const;
export type NodeStateName = (typeof NODE_STATES)[number];

/** Numbers of all nodes, after the change. */
export interface NodeCounts {
  waiting: number;
  running: number;
  complete: number;
  failed: number;
  aborted: number;
  total: number;
}

/** A line that matters; times in ms since 1970. `node` is the number of the rule, from 0 in the order of the file. */
export type LogEvent =
  | { type: 'node'; time: number; node: number; state: NodeStateName; jobId: number; counts: NodeCounts }
  | { type: 'started' | 'completed' | 'aborted' | 'failed'; time: number };

/** The progress of a workflow, from all lines of the log. */
export interface FlowState {
  /** How the last run ended; undefined while it runs, and when makeflow was killed. `completed` does not exclude failed nodes. */
  ended?: 'completed' | 'aborted' | 'failed';
  counts?: NodeCounts;
  /** Time of the last line that changed something, ms since 1970 by the clock of whoever reads the log. */
  lastTime: number;
}

export function emptyFlow(): FlowState {
  return { lastTime: 0 };
}

const NODE_LINE = /^(\d+) (\d+) ([0-4]) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/;
const MARK = /^# (STARTED|COMPLETED|ABORTED|FAILED) (\d+)$/;

/** A complete line of the log; undefined for lines about files, and for anything else. */
export function parseLogLine(line: string): LogEvent | undefined {
  const mark = MARK.exec(line);
  if (mark) return { type: (mark[1] as string).toLowerCase() as 'started', time: Number(mark[2]) / 1000 };
  const fields = NODE_LINE.exec(line)?.slice(1).map(Number);
  if (!fields) return undefined;
  const [time, node, state, jobId, waiting, running, complete, failed, aborted, total] = fields as Fields;
  const counts = { waiting, running, complete, failed, aborted, total };
  return { type: 'node', time: time / 1000, node, state: NODE_STATES[state] as NodeStateName, jobId, counts };
}

type Fields = [number, number, number, number, number, number, number, number, number, number];

/** Applies an event to the state, in place. */
export function applyEvent(flow: FlowState, event: LogEvent): void {
  flow.lastTime = Math.max(flow.lastTime, event.time);
  if (event.type === 'started') {
    delete flow.ended;
  } else if (event.type === 'node') {
    flow.counts = event.counts;
  } else {
    flow.ended = event.type;
  }
}

/** Whether every rule is complete. Only this means success. */
export function isComplete({ counts }: FlowState): boolean {
  return counts !== undefined && counts.complete === counts.total;
}

/**
 * Whether makeflow will wait for ever: rules wait for one that has failed for good, and nothing runs. It then loops and must
 * be interrupted. A retry follows a failure within milliseconds, so a short silence shows that there is none.
 * @param now ms since 1970
 * @param quiet ms
 */
export function isStuck({ counts, ended, lastTime }: FlowState, now: number, quiet = 2000): boolean {
  if (ended || !counts) return false;
  return counts.running === 0 && counts.failed > 0 && counts.waiting > 0 && now - lastTime >= quiet;
}
