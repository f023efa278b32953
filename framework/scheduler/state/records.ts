import type { Shape } from '../../demand/demand.ts';

/** What a worker is and for whom it works. Fixed at its launch, and written to the journal before the launch is sent. */
export interface WorkerIdentity {
  /** Mesos task id, and the tag by which its source lists it. Never used twice. */
  id: string;
  pool: string;
  project: string;
  /** The manager for which it works, and the start of that run of the manager (`startedAt`); see `ProjectDemand`. */
  manager: string;
  managerStartedAt: number;
  agentId: string;
  hostname: string;
  shape: Shape;
  /** How many workers of the pool's usual size it replaces, where the framework chose that (`granularity: auto`). Absent: 1. */
  units?: number | undefined;
  /** ms since 1970. */
  launchedAt: number;
  /** The agent's values of the attributes by which the pool counts its workers (MAX_PER); absent when the pool counts none. */
  places?: Record<string, string> | undefined;
}

/**
 * What must survive a crash. The state is the sum of the journal's records, plus what Mesos and the managers report.
 * So only decisions that nobody else remembers are records.
 */
export type JournalRecord =
  /** `sequence`: the number of its next launch. */
  | { type: 'framework'; id: string; sequence: number }
  | { type: 'launch'; worker: WorkerIdentity }
  | { type: 'gone'; id: string; why: string };

/** The id of a framework's n-th launch. It is unique, because framework ids are. */
export function workerId(frameworkId: string, sequence: number): string {
  return `${frameworkId}.${sequence}`;
}

/** The number of a launch, from its id; 0 for an id of another form. */
export function sequenceOf(id: string): number {
  const number = Number(id.slice(id.lastIndexOf('.') + 1));
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}
