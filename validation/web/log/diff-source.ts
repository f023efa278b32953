import { signal } from '@preact/signals';
import { addPart, type DiffPart } from '../../log-diff/answer.ts';
import type { LogDiff } from '../../server/api.ts';
import { apiPath } from '../routes.ts';
import { getJson, ServerError } from '../state/server.ts';
import type { LogName } from './log-source.ts';

/** The number of parts that are loaded without a click: a browser cannot show more at once. */
const MOST = 1000;

export interface DiffState {
  parts: DiffPart[];
  /** The number of compared lines of the log. */
  lines: number;
  /** Whether a request is running. */
  busy: boolean;
  /** Whether there are more parts. */
  more: boolean;
  error?: string;
}

/** A comparison of two logs. The server makes it part by part. */
export class DiffSource {
  readonly state = signal<DiffState>({ parts: [], lines: 0, busy: true, more: false });
  readonly #own: LogName;
  readonly #other: LogName;
  readonly #exact: boolean;
  readonly #abort = new AbortController();
  #next: string | undefined;

  constructor(own: LogName, other: LogName, exact: boolean) {
    this.#own = own;
    this.#other = other;
    this.#exact = exact;
    void this.go();
  }

  close(): void {
    this.#abort.abort();
  }

  /** Continues the comparison until there are some hundred more parts, or the logs end. */
  async go(): Promise<void> {
    const parts = [...this.state.value.parts];
    const until = parts.length + MOST;
    this.state.value = { ...this.state.value, busy: true };
    const { run, step, attempt, stream } = this.#own;
    const query = { attempt, stream, reference: this.#other.run, referenceAttempt: this.#other.attempt };
    try {
      do {
        const path = apiPath(['runs', run, 'steps', step, 'log-diff'], {
          ...query,
          exact: this.#exact,
          after: this.#next,
        });
        const answer: LogDiff = await getJson<LogDiff>(path, this.#abort.signal);
        for (const part of answer.parts) addPart(parts, part);
        this.#next = answer.next;
        const last = parts.at(-1);
        const lines = last ? last.b + last.countB - 1 : 0;
        const more = this.#next !== undefined;
        this.state.value = { parts: [...parts], lines, more, busy: more && parts.length < until };
      } while (this.state.value.busy);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      const message = error instanceof ServerError ? error.message : String(error);
      this.state.value = { ...this.state.value, busy: false, error: message };
    }
  }
}

/** The part in which two lines differ: between their common beginning and their common end. */
export function differenceOf(a: string, b: string): { from: number; toA: number; toB: number } {
  const shorter = Math.min(a.length, b.length);
  let from = 0;
  while (from < shorter && a[from] === b[from]) from++;
  let end = 0;
  while (end < shorter - from && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return { from, toA: a.length - end, toB: b.length - end };
}
