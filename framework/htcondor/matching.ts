import type { Slot } from './slots.ts';
import type { Negotiator } from './tools.ts';

/** A negotiator with a longer cycle than this makes jobs wait, seconds. */
const SLOW_SECONDS = 5;
/** A worker counts as unmatched after two cycles, and not before this time, ms: a busy schedd needs a second to claim some slots. */
const LEAST_PATIENCE_MS = 45_000;
const MARGIN_MS = 10_000;
/** For this long nothing is launched for a user whose workers were not matched, ms. Then one more worker may try. */
const PAUSE_MS = 300_000;

/** Advice if a negotiator has too long a cycle; undefined: none. */
export function slowness(negotiators: readonly Negotiator[]): string | undefined {
  const slow = negotiators.find(({ periodSeconds }) => periodSeconds > SLOW_SECONDS);
  if (!slow) return undefined;
  return (
    `the negotiator ${slow.name} looks for matches only every ${slow.periodSeconds} s. Jobs wait that long for a worker if its token is not their owner's: ` +
    'set NEGOTIATOR_INTERVAL, NEGOTIATOR_CYCLE_DELAY and NEGOTIATOR_MIN_INTERVAL to 5 or less, or give the workers tokens of the jobs’ owners'
  );
}

/** Finds workers that stay unclaimed while jobs wait, by user and schedd. */
export class Matching {
  readonly #unclaimed = new Map<string, { schedd: string; since: number }>();
  readonly #closed = new Map<string, { until: number; why: string }>();

  /**
   * Reads the slots of our workers for one schedd.
   * @param waits whether jobs wait that our workers could run, by user
   * @param periodSeconds of the negotiator
   */
  note(slots: readonly Slot[], waits: (user: string) => boolean, periodSeconds: number, now: number): void {
    const patience = Math.max(LEAST_PATIENCE_MS, 2000 * periodSeconds + MARGIN_MS);
    for (const { tag, submitter, schedd, state, name } of slots) {
      if (state !== 'Unclaimed' || !waits(submitter)) {
        this.#unclaimed.delete(tag);
        continue;
      }
      const { since } = this.#unclaimed.get(tag) ?? { since: now };
      this.#unclaimed.set(tag, { schedd, since });
      if (now - since < patience) continue;
      const seconds = Math.round((now - since) / 1000);
      const why =
        `has given no job to ${name} for ${seconds} s, though jobs wait that it could run: ` +
        'condor_q -better-analyze JOB -reverse -machine SLOT says why';
      this.#closed.set(`${submitter} ${schedd}`, { until: now + PAUSE_MS, why });
    }
  }

  /** A schedd that does not answer gives no jobs to anybody: the time of its workers begins again. */
  silent(schedd: string): void {
    for (const [tag, unclaimed] of this.#unclaimed) if (unclaimed.schedd === schedd) this.#unclaimed.delete(tag);
  }

  /** Slots that do not exist any more. */
  forget(tags: ReadonlySet<string>): void {
    for (const tag of this.#unclaimed.keys()) if (!tags.has(tag)) this.#unclaimed.delete(tag);
  }

  /** Why a user gets no more workers, as the end of a sentence that begins with "its pool". */
  closed(user: string, schedd: string, now: number): string | undefined {
    const found = this.#closed.get(`${user} ${schedd}`);
    return found && now < found.until ? found.why : undefined;
  }
}
