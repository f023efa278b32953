import { LineTail } from '../../makeflow/follow-lines.ts';
import { refusedSubmission } from '../../makeflow/refused-submission.ts';
import type { RunJournal } from '../store/journal.ts';
import { refusedWorkers } from './refused-workers.ts';

/** The time between two looks. */
const LOOK_MS = 1000;
/** After this time without a worker, the reason is asked for: an idle cluster would have sent a worker by then. */
const PATIENCE_MS = 3000;
/** The time between two questions to the framework. */
const ASK_MS = 2000;

export interface HeldUpOptions {
  journal: RunJournal;
  /** The file with makeflow's stderr. Its existing content is from an earlier makeflow. */
  stderr: string;
  /** Returns a sentence why no worker comes, for steps that have waited this long (ms); undefined: there is no reason. */
  whyWaiting: ((waitedMs: number) => Promise<string | undefined>) | undefined;
  /** Called when the events cannot be written. */
  onError: (error: Error) => void;
}

/**
 * Watches for the reasons why steps wait, and adds them to the events: workers that makeflow refuses, jobs that it cannot submit,
 * and the framework's or HTCondor's reason for running none.
 */
export class HeldUp {
  readonly #options: HeldUpOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #reported = new Set<string>();
  /** The number of refusals by host and reason. */
  readonly #refused = new Map<string, number>();
  readonly #said: LineTail;
  #waitingSince: number | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: HeldUpOptions) {
    this.#options = options;
    this.#said = new LineTail(options.stderr);
    this.#newLines();
    this.#timer = setInterval(() => this.#look(performance.now()), LOOK_MS);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #look(now: number): void {
    const lines = this.#newLines();
    const refusal = refusedSubmission(lines);
    if (refusal !== undefined) this.#report('waiting', refusal);
    for (const { host, message, times } of refusedWorkers(lines)) {
      const key = `${host} ${message}`;
      const count = (this.#refused.get(key) ?? 0) + 1;
      this.#refused.set(key, count);
      if (count < times) continue;
      this.#report('refused', `makeflow refused a worker of ${host}: ${message}`);
    }
    const { submitted, running } = this.#options.journal.view.counts;
    if (submitted === 0 || running > 0) this.#waitingSince = undefined;
    else this.#waitingSince ??= now;
    if (this.#waitingSince === undefined || now - this.#waitingSince < PATIENCE_MS) return;
    if (now - this.#askedAt < ASK_MS) return;
    this.#askedAt = now;
    void this.#ask(now - this.#waitingSince);
  }

  async #ask(waitedMs: number): Promise<void> {
    const why = await this.#options.whyWaiting?.(waitedMs);
    if (why !== undefined && this.#waitingSince !== undefined && !this.#closed) this.#report('waiting', why);
  }

  /** Reports each reason once. Two reasons that differ only in numbers are the same. */
  #report(cause: 'refused' | 'waiting', message: string): void {
    const key = `${cause} ${message.replace(/\d+/g, '0')}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    try {
      this.#options.journal.add({ type: 'held-up', cause, message });
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  /** Empty if the file cannot be read now. A run must not end because of that; the next look reads it. */
  #newLines(): string[] {
    try {
      return this.#said.read();
    } catch {
      return [];
    }
  }
}
