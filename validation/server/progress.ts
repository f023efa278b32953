import { applyEvent, emptyView, type RunEvent, type RunView } from '../runs/store/events.ts';
import { readEvents } from './event-reader.ts';
import { HttpError } from './http-error.ts';

/** One attempt of a step, from the events. Times are ms since 1970. */
export interface AttemptTimes {
  submitted?: number;
  started?: number;
  ended?: number;
  worker?: string;
  host?: string;
  message?: string;
  exitStatus?: number;
  signal?: string;
  /** Times in seconds, sizes in bytes. */
  cpuTime?: number;
  peakMemory?: number;
}

/** The progress of a run, from its events. It reads the file once, and then only new events. */
export class RunProgress {
  readonly #root: string;
  #ino = 0;
  #refreshing: Promise<void> | undefined;
  view: RunView = emptyView();
  /** Attempts by step, then by number. */
  attempts = new Map<string, Map<number, AttemptTimes>>();
  /** Phase of each step. */
  phases = new Map<string, number>();
  /** The events up to this byte offset in events.ndjson are included. */
  offset = 0;

  constructor(root: string) {
    this.#root = root;
  }

  /** Reads the new events. Calls at the same time share the work. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    for (;;) {
      const { events, offset, ino, size } = await readEvents(this.#root, this.offset);
      if ((this.#ino !== 0 && ino !== this.#ino) || size < this.offset) {
        this.#forget();
        if (ino === 0) return;
        continue;
      }
      this.#ino = ino;
      for (const { event } of events) this.#take(event);
      if (this.view.steps.size > MOST_STEPS || offset > LARGEST)
        throw new HttpError(422, 'it has too many steps and events to be shown');
      const more = offset > this.offset && offset < size;
      this.offset = offset;
      if (!more) return;
    }
  }

  #forget(): void {
    this.view = emptyView();
    this.attempts = new Map();
    this.phases = new Map();
    this.offset = 0;
    this.#ino = 0;
  }

  #take(event: RunEvent): void {
    applyEvent(this.view, event);
    if (event.type === 'planned') for (const { id } of event.steps) this.phases.set(id, event.phase);
    if (!('step' in event)) return;
    const number = this.view.steps.get(event.step)?.attempt;
    if (number === undefined) return;
    const times = this.#attempt(event.step, 'attempt' in event ? event.attempt : number);
    switch (event.type) {
      case 'step-submitted':
        times.submitted = event.time;
        break;
      case 'step-running':
        times.started = event.time;
        times.worker = event.worker;
        break;
      case 'step-connected':
        times.host = event.host;
        break;
      case 'step-requeued':
        times.ended = event.time;
        times.message = event.message;
        break;
      case 'step-ended':
        times.ended = event.time;
        if (event.host !== undefined) times.host = event.host;
        if (event.message !== undefined) times.message = event.message;
        if (event.exitStatus !== undefined) times.exitStatus = event.exitStatus;
        if (event.signal !== undefined) times.signal = event.signal;
        if (event.cpuTime !== undefined) times.cpuTime = event.cpuTime;
        if (event.peakMemory !== undefined) times.peakMemory = event.peakMemory;
        break;
    }
  }

  #attempt(step: string, number: number): AttemptTimes {
    const ofStep = this.attempts.get(step) ?? new Map<number, AttemptTimes>();
    const times = ofStep.get(number) ?? {};
    this.attempts.set(step, ofStep.set(number, times));
    return times;
  }
}

/** The largest size of the events of one run, bytes. */
const LARGEST = 512 * 1024 * 1024;
/** The largest number of runs whose progress is kept, and of their steps together. */
const MOST_RUNS = 64;
const MOST_STEPS = 200_000;

/** The progress of the runs that were requested last. */
export class ProgressCache {
  readonly #kept = new Map<string, RunProgress>();

  /** The progress with all events of the run. @param root the run's directory */
  async of(root: string): Promise<RunProgress> {
    const progress = this.#kept.get(root) ?? new RunProgress(root);
    this.#kept.delete(root);
    this.#kept.set(root, progress);
    await progress.refresh();
    this.#evict();
    return progress;
  }

  #evict(): void {
    let steps = 0;
    for (const { view } of this.#kept.values()) steps += view.steps.size;
    for (const [root, { view }] of this.#kept) {
      if (this.#kept.size === 1 || (this.#kept.size <= MOST_RUNS && steps <= MOST_STEPS)) return;
      this.#kept.delete(root);
      steps -= view.steps.size;
    }
  }
}
