import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import type { Report, Verdict } from '../../report/model.ts';
import { AttemptBook } from './attempts.ts';
import { EventWriter } from './event-log.ts';
import { applyEvent, emptyView, type RunEvent, type RunView } from './events.ts';
import type { RunRecord } from './record.ts';
import type { RunDir } from './store.ts';
import { timingOf } from './timing.ts';

/** An event without a time gets the time at which it is written. */
export type NewEvent = RunEvent extends infer Event
  ? Event extends RunEvent
    ? Omit<Event, 'time'> & { time?: number }
    : never
  : never;

/** The shortest time between two updates of the totals in run.json, and the longest delay of an update. */
const TOTALS_EVERY_MS = 1000;

/** Records the events of a run in events.ndjson and then in run.json, and passes them to listeners. */
export class RunJournal {
  readonly run: RunDir;
  readonly view: RunView = emptyView();
  /** The attempts of all steps. */
  readonly attempts = new AttemptBook();
  #record: RunRecord;
  #written = 0;
  #resumed = false;
  #late: NodeJS.Timeout | undefined;
  #judged: Report['totals'] | undefined;
  readonly #events: EventWriter;
  readonly #listeners: ((event: RunEvent, view: RunView) => void)[] = [];

  constructor(run: RunDir, record: RunRecord) {
    this.run = run;
    this.#record = record;
    for (const event of run.readEvents()) {
      applyEvent(this.view, event);
      this.#resumed ||= event.type === 'resumed';
      if ('step' in event) this.attempts.remember(event);
    }
    this.#events = new EventWriter(run.eventsFile);
    run.writeRecord(record);
    this.#written = steadyNow();
  }

  get record(): RunRecord {
    return this.#record;
  }

  onEvent(listener: (event: RunEvent, view: RunView) => void): void {
    this.#listeners.push(listener);
  }

  /** @throws when the disk is full or fails */
  add(event: NewEvent): void {
    const timed = { ...event, time: Math.round(event.time ?? steadyNow()) } as RunEvent;
    this.#events.append(timed);
    applyEvent(this.view, timed);
    this.#resumed ||= timed.type === 'resumed';
    for (const listener of this.#listeners) listener(timed, this.view);
    if (steadyNow() - this.#written >= TOTALS_EVERY_MS) this.update({});
    else this.#late ??= setTimeout(() => this.#updateLate(), TOTALS_EVERY_MS).unref();
  }

  /** Writes the totals after a burst of events. Otherwise `list` and the page would show old numbers until the next event. */
  #updateLate(): void {
    try {
      this.update({});
    } catch {
      // If the disk is full, the next event reports it.
    }
  }

  /** Changes run.json, and updates its totals from the events. */
  update(change: Partial<RunRecord>): void {
    clearTimeout(this.#late);
    this.#late = undefined;
    const { succeeded, failed, broken } = this.#judged ?? this.view.counts;
    const { running } = this.view.counts;
    const totals = { steps: this.view.steps.size, succeeded, failed, broken, running };
    this.#record = { ...this.#record, ...change, totals };
    this.#written = steadyNow();
    this.run.writeRecord(this.#record);
  }

  /** @param report of the run: its totals replace those of the events, because a step can fail by its log only */
  end(verdict: Verdict, reason: string, report?: Pick<Report, 'steps' | 'totals'>): void {
    this.add({ type: 'ended', verdict, reason });
    const ended = steadyNow();
    const whole = !this.#resumed && (verdict === 'passed' || verdict === 'failed');
    const timing = whole ? timingOf(this.view, this.#record.created, ended) : undefined;
    const judged = report && this.#judgedOtherwise(report.steps);
    this.#judged = report?.totals;
    this.update({ state: 'ended', verdict, reason, ended, ...(timing && { timing }), ...(judged && { judged }) });
  }

  /** The steps whose state in the report is another one than their attempts have; undefined: none. */
  #judgedOtherwise(steps: Report['steps']): RunRecord['judged'] {
    const others: NonNullable<RunRecord['judged']> = {};
    for (const { id, state } of steps) {
      if (state !== 'succeeded' && state !== 'failed' && state !== 'broken') continue;
      if ((this.view.steps.get(id)?.state ?? state) !== state) others[id] = state;
    }
    return Object.keys(others).length === 0 ? undefined : others;
  }
}
