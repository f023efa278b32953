import type { IncomingHttpHeaders } from 'node:http';

/** The largest number of WebSockets at the same time: of all clients, and of one address. */
const MOST = 1000;
const MOST_OF_ONE = 200;

/** Limits the number of WebSockets, in total and for each address. */
export class Places {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(most = MOST, mostOfOne = MOST_OF_ONE) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  /** @returns a function that gives the place back; if there is no place, the limit that was reached */
  take(address: string): (() => void) | 'all' | 'address' {
    const own = this.#taken.get(address) ?? 0;
    if (own >= this.#mostOfOne) return 'address';
    if (this.#all >= this.#most) return 'all';
    this.#all++;
    this.#taken.set(address, own + 1);
    return () => {
      this.#all--;
      const left = (this.#taken.get(address) ?? 0) - 1;
      if (left > 0) this.#taken.set(address, left);
      else this.#taken.delete(address);
    };
  }
}

/**
 * Address of a client: the address of its connection. If a proxy on this machine forwards the request, it is the last address in
 * the proxy's `X-Forwarded-For`, because the client can write any address before it.
 */
export function clientAddress(remote: string | undefined, headers: IncomingHttpHeaders): string {
  const address = (remote ?? '').replace(/^::ffff:/, '');
  if (address !== '::1' && !address.startsWith('127.')) return address;
  const forwarded = [headers['x-forwarded-for']].flat().join(',').split(',').at(-1)?.trim();
  return forwarded || address;
}
