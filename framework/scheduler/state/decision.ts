import type { Need, Shape, UnmetNeed } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';

/** A number of workers of one size that a project lacks. */
export interface Missing {
  shape: Shape;
  count: number;
  /** The smaller worker into which `shape` may be split. Absent: it cannot be split. */
  unit?: Shape;
  /** So many of them may be launched together as one larger worker, as the agents' start rates advise. Absent: 1. */
  together?: number;
}

/** Workers of the usual size that were launched together, and why so many: what is known of their agent and of the tasks. */
export interface Gathered {
  workers: number;
  agent: string;
  startsPerSecond: number;
  /** False: no start was seen on the agent yet, so the usual rate counts. */
  seen: boolean;
  taskSeconds: number | undefined;
}

/** How many workers a project needs at a manager, with every term. The log, `/state` and `why` show it. */
export interface ProjectTarget {
  /** Numbers of its tasks. */
  manager: string;
  project: string;
  pool: string;
  tasksWaiting: number;
  tasksOnWorkers: number;
  /** Workers of this framework for this manager, by state. */
  busy: number;
  idle: number;
  starting: number;
  /** Cores of all these workers. */
  cores: number;
  /** Workers that are leaving. They take no more tasks. */
  leaving: number;
  /** Waiting tasks that idle and starting workers will take. */
  covered: number;
  /** Further workers that its tasks need. After the launches of a frame: those that are still missing. */
  missing: Missing[];
  /** Further workers that are needed only to keep the pool's minimum. */
  forMinimum: number;
  /** Tasks that are larger than any worker of the pool may be. */
  tooLarge: Need[];
  /** Tasks that no worker can ever run, as its source says. */
  unmet: UnmetNeed[];
  /** Why nothing is launched for it, however much it lacks. */
  hold?: Obstacle;
}

/** Reasons that come from held offers: they stay valid until other offers come. */
const VERDICTS_ON_OFFERS: ReadonlySet<string> = new Set([
  'agents-pausing',
  'agents-busy',
  'constraints',
  'offers-too-small',
]);

export function isVerdictOnOffers({ reason }: Obstacle): boolean {
  return VERDICTS_ON_OFFERS.has(reason);
}
