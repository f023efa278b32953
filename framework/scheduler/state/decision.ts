import type { Need, Shape, UnmetNeed } from '../../demand/demand.ts';
import type { Obstacle } from '../../demand/worker-kind.ts';

/** A number of workers of one shape that a project lacks. */
export interface Missing {
  shape: Shape;
  count: number;
  /** The smaller worker that `shape` is several times of: what it may be split into. Absent: it cannot be split. */
  unit?: Shape;
}

/** How many workers a project needs at a manager, every term of it: what the log, `/state` and `why` show. */
export interface ProjectTarget {
  /** Of its demand. */
  manager: string;
  project: string;
  pool: string;
  tasksWaiting: number;
  tasksOnWorkers: number;
  /** Workers of ours for this manager by what they do. */
  busy: number;
  idle: number;
  starting: number;
  /** Cores of all those. */
  cores: number;
  /** Workers on their way out: they take no task any more. */
  leaving: number;
  /** Waiting tasks that idle and starting workers will take. */
  covered: number;
  /** Workers wanted beyond those, as its tasks need them; after the launches of a frame, those that are still missing. */
  missing: Missing[];
  /** Workers wanted beyond those only to keep the pool's minimum. */
  forMinimum: number;
  /** Tasks that no worker of the pool may be large enough for. */
  tooLarge: Need[];
  /** Tasks that no worker could ever take, as its source says. */
  unmet: UnmetNeed[];
  /** Why nothing is launched for it however much it lacks. */
  hold?: Obstacle;
}

/** Reasons that only offers in hand can tell: they stay true until other offers come. */
const VERDICTS_ON_OFFERS: ReadonlySet<string> = new Set([
  'agents-pausing',
  'agents-busy',
  'constraints',
  'offers-too-small',
]);

export function isVerdictOnOffers({ reason }: Obstacle): boolean {
  return VERDICTS_ON_OFFERS.has(reason);
}
