/**
 * Makeflow's transaction log (`*.makeflowlog`) as data. It is appended to across runs and is the only truth about what
 * became of a rule: makeflow's exit status says nothing. Formats: the comments of cctools' makeflow_log.h, and logs of real runs.
 */

/** In the order of the numbers in the log. `running` means submitted, not yet on a worker. */
export const NODE_STATES = ['waiting', 'running', 'complete', 'failed', 'aborted'] as const;
export type NodeStateName = (typeof NODE_STATES)[number];

/** Of all nodes, after the change. */
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

/** How far a flow is, by all that the log says. */
export interface FlowState {
  /** How the last run ended; undefined while it runs, and when makeflow was killed. `completed` may hide failed nodes. */
  ended?: 'completed' | 'aborted' | 'failed';
  counts?: NodeCounts;
  /** ms since 1970, of the last line that changed anything. */
  lastTime: number;
}

export function emptyFlow(): FlowState {
  return { lastTime: 0 };
}

const NODE_LINE = /^(\d+) (\d+) ([0-4]) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$/;
const MARK = /^# (STARTED|COMPLETED|ABORTED|FAILED) (\d+)$/;

/** A whole line of the log; undefined for those about files, and for anything else. */
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

/** Takes an event into the state, in place. */
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

/** Whether every rule is complete: the only meaning of success. */
export function isComplete({ counts }: FlowState): boolean {
  return counts !== undefined && counts.complete === counts.total;
}

/**
 * Whether makeflow will wait for ever: rules wait for one that has failed for good, and nothing runs. It then spins and has
 * to be interrupted. A retry follows a failure within milliseconds, so some quiet tells the two apart.
 * @param now ms since 1970
 * @param quiet ms
 */
export function isStuck({ counts, ended, lastTime }: FlowState, now: number, quiet = 2000): boolean {
  if (ended || !counts) return false;
  return counts.running === 0 && counts.failed > 0 && counts.waiting > 0 && now - lastTime >= quiet;
}
