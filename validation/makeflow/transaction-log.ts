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

/** One submission of a rule. A worker that is lost makes no new one: Work Queue gives the same task to another. */
export interface Attempt {
  /** From 1, across resumes. */
  number: number;
  /** Which run of makeflow on this log, from 1: job ids mean something only within one. */
  run: number;
  /** Work Queue's task id; with local jobs the pid. */
  jobId: number;
  start: number;
  end?: number;
  /** `aborted` also where makeflow died while it ran. */
  state: Exclude<NodeStateName, 'waiting'>;
}

export interface NodeRecord {
  state: NodeStateName;
  attempts: Attempt[];
}

/** All that the log says so far. */
export interface FlowState {
  nodes: Map<number, NodeRecord>;
  /** How often makeflow was started on this log. */
  runs: number;
  /** How the last run ended; undefined while it runs, and when makeflow was killed. `completed` may hide failed nodes. */
  ended?: 'completed' | 'aborted' | 'failed';
  counts?: NodeCounts;
  /** ms since 1970, of the last line that changed anything. */
  lastTime: number;
}

export function emptyFlow(): FlowState {
  return { nodes: new Map(), runs: 0, lastTime: 0 };
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

/** Takes an event into the state, in place: a flow has up to 100,000 nodes and each has several lines. */
export function applyEvent(flow: FlowState, event: LogEvent): void {
  flow.lastTime = Math.max(flow.lastTime, event.time);
  if (event.type === 'started') {
    flow.runs++;
    delete flow.ended;
  } else if (event.type === 'node') {
    flow.counts = event.counts;
    applyNode(flow, event);
  } else {
    flow.ended = event.type;
  }
}

function applyNode(flow: FlowState, { node, state, jobId, time }: LogEvent & { type: 'node' }): void {
  const record = flow.nodes.get(node) ?? { state: 'waiting', attempts: [] };
  flow.nodes.set(node, record);
  record.state = state;
  const last = record.attempts.at(-1);
  if (state === 'running') {
    record.attempts.push({ number: record.attempts.length + 1, run: flow.runs, jobId, start: time, state });
  } else if (last?.state === 'running') {
    // waiting again without having ended: makeflow was killed, and a later one resets the node
    last.state = state === 'waiting' ? 'aborted' : state;
    last.end = time;
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
