/**
 * Work Queue's transaction log (`*.wqlog.tr`): which task is on which worker. Makeflow's own log only knows that a rule
 * was submitted. Format: the comment lines at its head; task ids begin at 1 with every MANAGER START.
 */
export type WorkerLogEvent =
  | { type: 'manager-started' }
  | { type: 'running'; jobId: number; worker: string }
  /** Waiting for a worker: for the first time, or because its worker was lost. */
  | { type: 'waiting'; jobId: number };

/** A whole line of the log; undefined for lines about anything else. */
export function parseWorkerLogLine(line: string): WorkerLogEvent | undefined {
  const [, , subject, id, what, worker] = line.split(/\s+/);
  if (subject === 'MANAGER' && id === 'START') return { type: 'manager-started' };
  if (subject !== 'TASK' || !/^\d+$/.test(id ?? '')) return undefined;
  if (what === 'RUNNING' && worker) return { type: 'running', jobId: Number(id), worker };
  if (what === 'WAITING') return { type: 'waiting', jobId: Number(id) };
  return undefined;
}
