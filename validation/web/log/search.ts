import { signal } from '@preact/signals';
import type { LogSearch as SearchAnswer } from '../../server/api.ts';
import { apiPath } from '../routes.ts';
import { getJson, ServerError } from '../state/server.ts';
import type { Query } from './highlight.ts';
import type { LogName } from './log-source.ts';

/** The largest number of matches: nobody steps through more. */
const MOST = 10_000;
const PAGE = 1000;

export interface SearchState {
  query: Query;
  /** Numbers of the matching lines, ascending. */
  lines: number[];
  /** While the search goes on: the last searched line. */
  upTo?: number;
  /** Whether there are more matches than the largest number. */
  more?: true;
  error?: string;
}

/** A search through a whole log. The server makes it part by part. */
export class LogSearch {
  readonly state = signal<SearchState | undefined>(undefined);
  #abort = new AbortController();

  stop(): void {
    this.#abort.abort();
  }

  clear(): void {
    this.stop();
    this.state.value = undefined;
  }

  async start(name: LogName, query: Query): Promise<void> {
    this.stop();
    const abort = new AbortController();
    this.#abort = abort;
    let lines: number[] = [];
    let after: number | undefined = 0;
    this.state.value = { query, lines, upTo: 0 };
    try {
      while (after !== undefined && lines.length < MOST) {
        const { run, step, attempt, stream } = name;
        const path: string = apiPath(['runs', run, 'steps', step, 'log', 'search'], {
          attempt,
          stream,
          q: query.text,
          regex: query.regex,
          case: query.case,
          after: after || undefined,
          limit: PAGE,
        });
        const answer: SearchAnswer = await getJson<SearchAnswer>(path, abort.signal);
        lines = [...lines, ...answer.matches.map(({ line }) => line)];
        after = answer.next;
        this.state.value = { query, lines, ...(after !== undefined && { upTo: after }) };
      }
      this.state.value = { query, lines, ...(after !== undefined && { more: true }) };
    } catch (error) {
      if (abort.signal.aborted) return;
      this.state.value = { query, lines, error: error instanceof ServerError ? error.message : String(error) };
    }
  }
}

/** The next match after a line, or before it. After the last match comes the first one. */
export function nextMatch(lines: readonly number[], line: number, forward: boolean): number | undefined {
  if (forward) return lines.find((one) => one > line) ?? lines[0];
  return lines.findLast((one) => one < line) ?? lines.at(-1);
}
