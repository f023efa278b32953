import { HttpError } from './http-error.ts';

/** Who waits for a turn: of all clients, and of one. */
const MOST = 64;
const MOST_OF_ONE = 16;

interface Waiting {
  client: string;
  signal: AbortSignal;
  resolve: (giveBack: () => void) => void;
  reject: (error: Error) => void;
}

/**
 * A few turns at heavy work, shared by clients: each has one at a time, and of the others whoever has waited longest comes
 * next. So a client that asks for much only waits for itself.
 */
export class Turns {
  readonly #atOnce: number;
  readonly #taken: string[] = [];
  readonly #waiting: Waiting[] = [];

  /** @param atOnce how many there are */
  constructor(atOnce: number) {
    this.#atOnce = atOnce;
  }

  /**
   * Resolves when it is the client's turn, with what gives the turn back.
   * @param client address of whoever asks
   * @param signal who asked has gone
   * @throws HttpError 429 too many wait of this client, 503 of all; 499 the client has gone
   */
  take(client: string, signal: AbortSignal): Promise<() => void> {
    if (this.#waiting.filter((one) => one.client === client).length >= MOST_OF_ONE) {
      throw new HttpError(429, 'too many requests of this kind from this address at this moment');
    }
    if (this.#waiting.length >= MOST) throw new HttpError(503, 'too many requests of this kind at this moment');
    if (signal.aborted) throw gone();
    return new Promise((resolve, reject) => {
      const waiting = { client, signal, resolve, reject };
      this.#waiting.push(waiting);
      signal.addEventListener('abort', () => this.#forget(waiting), { once: true });
      this.#next();
    });
  }

  /** Nobody gets a turn any more. */
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
  return new HttpError(499, 'given up by the client');
}

/** Aborts when whoever waits for an answer has gone. */
export function whenGone(...sources: { once(event: 'close', listener: () => void): unknown }[]): AbortSignal {
  const controller = new AbortController();
  for (const source of sources) source.once('close', () => controller.abort());
  return controller.signal;
}
