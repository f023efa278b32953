import type { Shape } from '../../demand/demand.ts';

/** What a worker is and for whom: fixed at its launch, written to the journal before the launch leaves. */
export interface WorkerIdentity {
  /** Mesos task id, and the tag by which its source lists it. Never used twice. */
  id: string;
  pool: string;
  project: string;
  /** The manager that it works for, and which run of that manager (`startedAt`); see `ProjectDemand`. */
  manager: string;
  managerStartedAt: number;
  agentId: string;
  hostname: string;
  shape: Shape;
  /** ms since 1970. */
  launchedAt: number;
  /** The agent's values of the attributes by which the pool counts its workers (MAX_PER); absent without such. */
  places?: Record<string, string> | undefined;
}

/**
 * What must survive a crash. The state is what the journal's records add up to, plus what Mesos and the managers say
 * when asked; so only decisions that nobody else remembers are records.
 */
export type JournalRecord =
  /** `sequence`: the number of its next launch. */
  | { type: 'framework'; id: string; sequence: number }
  | { type: 'launch'; worker: WorkerIdentity }
  | { type: 'gone'; id: string; why: string };

/** The id of a framework's n-th launch: unique for ever, since framework ids are. */
export function workerId(frameworkId: string, sequence: number): string {
  return `${frameworkId}.${sequence}`;
}

/** The number of a launch by its id; 0 for an id of another form. */
export function sequenceOf(id: string): number {
  const number = Number(id.slice(id.lastIndexOf('.') + 1));
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}
