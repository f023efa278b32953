/**
 * Work Queue's transaction log (`*.wqlog.tr`): which task is on which worker. Makeflow's own log only says that a rule
 * was submitted. Format: the comment lines at its beginning; task ids begin at 1 with every MANAGER START.
 * Times in ms since 1970, by the clock of makeflow's log.
 */
export type WorkerLogEvent =
  | { type: 'manager-started'; time: number }
  | { type: 'task-running'; time: number; jobId: number; worker: string }
  /** The task waits for a worker: for the first time, or because its worker was lost. */
  | { type: 'task-waiting'; time: number; jobId: number }
  /** Only HTCondor holds jobs. `byHand`: somebody wants it to wait. */
  | { type: 'job-held'; time: number; jobId: number; reason: string; byHand: boolean };

/** A complete line of the log; undefined for lines about anything else. */
export function parseWorkerLogLine(line: string): WorkerLogEvent | undefined {
  const [at, , subject, id, what, worker] = line.split(/\s+/);
  const time = Number(at) / 1000;
  if (subject === 'MANAGER' && id === 'START') return { type: 'manager-started', time };
  if (subject !== 'TASK' || !/^\d+$/.test(id ?? '')) return undefined;
  if (what === 'RUNNING' && worker) return { type: 'task-running', time, jobId: Number(id), worker };
  if (what === 'WAITING') return { type: 'task-waiting', time, jobId: Number(id) };
  return undefined;
}
