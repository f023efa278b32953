import { HttpError } from './http-error.ts';

/** The largest number of waiting requests: of all clients, and of one client. */
const MOST = 64;
const MOST_OF_ONE = 16;

interface Waiting {
  client: string;
  signal: AbortSignal;
  resolve: (giveBack: () => void) => void;
  reject: (error: Error) => void;
}

/**
 * A few turns for expensive work, shared by clients. Each client has one turn at a time. The next turn goes to the client that has
 * waited longest. So a client with many requests delays only itself.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #taken: string[] = [];
  readonly #waiting: Waiting[] = [];

  /** @param atOnce number of turns at the same time */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /**
   * Resolves when it is the client's turn, with a function that ends the turn.
   * @param client address of the client
   * @param signal aborted when the client has gone
   * @throws HttpError 429 if too many requests of this client wait, 503 if too many of all wait; 499 if the client has gone
   */
  take(client: string, signal: AbortSignal): Promise<() => void> {
    if (this.#waiting.filter((one) => one.client === client).length >= MOST_OF_ONE) {
      throw new HttpError(429, 'too many requests of this kind from this address: try again later');
    }
    if (this.#waiting.length >= MOST) throw new HttpError(503, 'too many requests of this kind: try again later');
    if (signal.aborted) throw gone();
    return new Promise((resolve, reject) => {
      const forget = (): void => this.#forget(waiting);
      // A signal can belong to many turns, so it must not keep what is over.
      const settled = (): void => signal.removeEventListener('abort', forget);
      const waiting: Waiting = {
        client,
        signal,
        resolve: (giveBack) => {
          settled();
          resolve(giveBack);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', forget);
      this.#next();
    });
  }

  /** Gives no more turns. */
  close(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(new HttpError(503, 'the server is stopping'));
  }

  #forget(waiting: Waiting): void {
    const place = this.#waiting.indexOf(waiting);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    waiting.reject(gone());
  }

  #next(): void {
    while (this.#taken.length < this.#atOnce) {
      const place = this.#waiting.findIndex(({ client }) => !this.#taken.includes(client));
      const [next] = place < 0 ? [] : this.#waiting.splice(place, 1);
      if (!next) return;
      const { client, resolve } = next;
      this.#taken.push(client);
      let isBack = false;
      resolve(() => {
        if (isBack) return;
        isBack = true;
        this.#taken.splice(this.#taken.indexOf(client), 1);
        this.#next();
      });
    }
  }
}

function gone(): HttpError {
  return new HttpError(499, 'the client has gone');
}

/** Aborts when the client has gone. */
export function whenGone(...sources: { once(event: 'close', listener: () => void): unknown }[]): AbortSignal {
  const controller = new AbortController();
  for (const source of sources) source.once('close', () => controller.abort());
  return controller.signal;
}
