import type { ScheddLook } from './demand-of.ts';
import type { Negotiator } from './tools.ts';

/** A cycle of a negotiator that is longer than this makes jobs wait, seconds. */
const SLOW_SECONDS = 5;
/** A worker is called unmatched after two cycles, and not before this, ms: a busy schedd claims some slots in a second. */
const LEAST_PATIENCE_MS = 45_000;
const MARGIN_MS = 10_000;
/** So long nothing is launched for a user whose workers were not matched, ms: then one more look is worth a worker. */
const PAUSE_MS = 300_000;

/** What to do about a negotiator that looks for matches too rarely; undefined: nothing. */
export function slowness(negotiators: readonly Negotiator[]): string | undefined {
  const slow = negotiators.find(({ periodSeconds }) => periodSeconds > SLOW_SECONDS);
  if (!slow) return undefined;
  return (
    `the negotiator ${slow.name} looks for matches every ${slow.periodSeconds} s, and jobs wait as long for a worker whose token is not their owner's: ` +
    'set NEGOTIATOR_INTERVAL, NEGOTIATOR_CYCLE_DELAY and NEGOTIATOR_MIN_INTERVAL to 5 or less, or give workers tokens of the jobs’ owners'
  );
}

/** Watches for workers that stand unclaimed beside waiting jobs, by user and schedd. */
export class Matching {
  readonly #unclaimed = new Map<string, number>();
  readonly #closed = new Map<string, { until: number; why: string }>();

  /**
   * Takes in a look at one schedd.
   * @param waits whether jobs wait that our workers could take, by user
   * @param periodSeconds of the negotiator
   */
  note({ slots }: ScheddLook, waits: (user: string) => boolean, periodSeconds: number, now: number): void {
    const patience = Math.max(LEAST_PATIENCE_MS, 2000 * periodSeconds + MARGIN_MS);
    for (const { tag, submitter, schedd, state, name } of slots) {
      if (state !== 'Unclaimed' || !waits(submitter)) {
        this.#unclaimed.delete(tag);
        continue;
      }
      const since = this.#unclaimed.get(tag) ?? now;
      this.#unclaimed.set(tag, since);
      if (now - since < patience) continue;
      const seconds = Math.round((now - since) / 1000);
      const why =
        `has given no job to ${name} for ${seconds} s, though jobs wait that it could run: ` +
        'condor_q -better-analyze JOB -reverse -machine SLOT says why';
      this.#closed.set(`${submitter} ${schedd}`, { until: now + PAUSE_MS, why });
    }
  }

  /** Slots that are there no more. */
  forget(tags: ReadonlySet<string>): void {
    for (const tag of this.#unclaimed.keys()) if (!tags.has(tag)) this.#unclaimed.delete(tag);
  }

  /** Why a user gets no more workers, as the end of a sentence that begins with the pool. */
  closed(user: string, schedd: string, now: number): string | undefined {
    const found = this.#closed.get(`${user} ${schedd}`);
    return found && now < found.until ? found.why : undefined;
  }
}
