import { readFileSync } from 'node:fs';

/** Later times cannot be written as a date, s since 1970. */
const LATEST = 8.64e12;

/**
 * What may be wrong with a token that a pool has refused: that it cannot be read, or that it has expired. A pool judges by its own
 * clock. Undefined: nothing is known.
 * @param now ms since 1970
 */
export function whatIsWrong(tokenFile: string, now: number): string | undefined {
  let expires: unknown;
  try {
    const [, body = ''] = readFileSync(tokenFile, 'utf8').trim().split('.');
    ({ exp: expires } = JSON.parse(Buffer.from(body, 'base64url').toString()));
  } catch (error) {
    return `tokenFile ${tokenFile} has no token: ${(error as Error).message}`;
  }
  if (typeof expires !== 'number' || !(Math.abs(expires) < LATEST)) return undefined;
  const until = `${new Date(expires * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  if (expires * 1000 <= now) return `the token in ${tokenFile} has expired at ${until}`;
  return `the token in ${tokenFile} expires at ${until}: it has expired already if the pool's clock is ahead of this machine's by ${Math.ceil((expires * 1000 - now) / 60_000)} min or more`;
}
