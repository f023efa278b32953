import type { Logger } from '../log.ts';
import type { Demand } from './demand.ts';
import type { WorkerKind } from './worker-kind.ts';

/** What looks at managers and says what they need. It contacts nobody before `start`. */
export interface Source {
  start(): void;
  /** Looks at one manager now, ahead of its turn: one of its workers has begun or ended. Unknown names are ignored. */
  lookAt(manager: string): void;
  /** Closes every connection; nothing is said any more. */
  stop(): Promise<void>;
}

export interface SourceContext {
  log: Logger;
  /** To be called with everything the source knows whenever something has changed. An unchanged project keeps its object. */
  onDemand: (demand: Demand) => void;
}

/** A source with its settings: what `sources.ts` lists, one line for each. */
export interface SourceType {
  /** The kind of worker that its tasks run on; pools say which one they launch. */
  readonly kind: WorkerKind;
  open(context: SourceContext): Source;
}
