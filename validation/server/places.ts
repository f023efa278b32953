import type { IncomingHttpHeaders } from 'node:http';

/** Pages that watch something at the same time: of all, and of one address. */
const MOST = 1000;
const MOST_OF_ONE = 200;

/** So many places for WebSockets, of which one address gets some only. */
export class Places {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(most = MOST, mostOfOne = MOST_OF_ONE) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  /** @returns what gives the place back; which limit it was where there is none */
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
 * Address of a client: that of its connection, or, where a proxy on this machine hands it on, the last one that the proxy
 * names in `X-Forwarded-For`. Others could name any.
 */
export function clientAddress(remote: string | undefined, headers: IncomingHttpHeaders): string {
  const address = (remote ?? '').replace(/^::ffff:/, '');
  if (address !== '::1' && !address.startsWith('127.')) return address;
  const forwarded = [headers['x-forwarded-for']].flat().join(',').split(',').at(-1)?.trim();
  return forwarded || address;
}
