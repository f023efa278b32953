import { LineTail } from '../../makeflow/follow-lines.ts';
import { refusedSubmission } from '../../makeflow/refused-submission.ts';
import type { RunJournal } from '../store/journal.ts';
import { refusedWorkers } from './refused-workers.ts';

/** Between looks. */
const LOOK_MS = 1000;
/** Steps that wait for a worker for longer than this want a reason: by then a worker of an idle cluster has come. */
const PATIENCE_MS = 3000;
/** Between questions to the framework. */
const ASK_MS = 2000;

export interface HeldUpOptions {
  journal: RunJournal;
  /** File of what makeflow says on stderr. What stands there already is of an earlier makeflow. */
  stderr: string;
  /** Why no worker comes, in a sentence, given for how long steps have waited (ms); undefined: there is no reason. */
  whyWaiting: ((waitedMs: number) => Promise<string | undefined>) | undefined;
  /** The events cannot be written. */
  onError: (error: Error) => void;
}

/**
 * Watches for what keeps steps from being run, and puts it into the events: workers that makeflow refuses, jobs that it cannot
 * submit, and the framework's or HTCondor's reason for running none.
 */
export class HeldUp {
  readonly #options: HeldUpOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #told = new Set<string>();
  /** How often each host was refused for each reason. */
  readonly #refused = new Map<string, number>();
  readonly #said: LineTail;
  #waitingSince: number | undefined;
  #askedAt = 0;
  #closed = false;

  constructor(options: HeldUpOptions) {
    this.#options = options;
    this.#said = new LineTail(options.stderr);
    this.#newLines();
    this.#timer = setInterval(() => this.#look(Date.now()), LOOK_MS);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  #look(now: number): void {
    const lines = this.#newLines();
    const refusal = refusedSubmission(lines);
    if (refusal !== undefined) this.#tell('waiting', refusal);
    for (const { host, message, times } of refusedWorkers(lines)) {
      const key = `${host} ${message}`;
      const count = (this.#refused.get(key) ?? 0) + 1;
      this.#refused.set(key, count);
      if (count < times) continue;
      this.#tell('refused', `makeflow refused a worker of ${host}: ${message}`);
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
    if (why !== undefined && this.#waitingSince !== undefined && !this.#closed) this.#tell('waiting', why);
  }

  /** Once each: numbers in a reason change all the time, and make it no other. */
  #tell(cause: 'refused' | 'waiting', message: string): void {
    const key = `${cause} ${message.replace(/\d+/g, '0')}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    try {
      this.#options.journal.add({ type: 'held-up', cause, message });
    } catch (error) {
      this.#options.onError(error as Error);
    }
  }

  /** Nothing where it cannot be read just now: no run ends because of that, and the next look has it. */
  #newLines(): string[] {
    try {
      return this.#said.read();
    } catch {
      return [];
    }
  }
}
