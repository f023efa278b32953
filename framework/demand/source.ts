import type { Logger } from '../log.ts';
import type { Demand } from './demand.ts';
import type { WorkerKind } from './worker-kind.ts';

/** Watches managers and reports what they need. It contacts nobody before `start`. */
export interface Source {
  start(): void;
  /** Asks one manager at once, because one of its workers has started or ended. Unknown names are ignored. */
  lookAt(manager: string): void;
  /** Closes all connections. Nothing is reported afterwards. */
  stop(): Promise<void>;
}

export interface SourceContext {
  log: Logger;
  /** ms since 1970, by a clock that never jumps. Times in the demand are by this clock. */
  now: () => number;
  /** Called with the complete demand whenever something has changed. A project that has not changed keeps its object. */
  onDemand: (demand: Demand) => void;
}

/** A source with its settings. `sources.ts` has one line for each. */
export interface SourceType {
  /** The kind of worker that runs its tasks. Pools say which kind they launch. */
  readonly kind: WorkerKind;
  open(context: SourceContext): Source;
}
