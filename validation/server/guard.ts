import { createHash, timingSafeEqual } from 'node:crypto';
import { type Asked, refusalOf } from '../../framework/http/guard.ts';
import { HttpError } from './http-error.ts';

/** How a server is known, in addition to loopback and its own address. */
export interface KnownAs {
  /** Host names, in lower case. */
  hosts: ReadonlySet<string>;
  /** The origin of its public address, `https://HOST:PORT`. */
  origin: string | undefined;
}

/**
 * Decides whether a request may be answered: see `refusalOf`.
 * @throws HttpError 400 for a proxy's request, 421 for a wrong host, 403 for a wrong origin
 */
export function guard(asked: Asked, { hosts, origin }: KnownAs): void {
  const refusal = refusalOf(asked, hosts, origin);
  if (!refusal) return;
  const { status, message } = refusal;
  throw new HttpError(status, status === 421 ? `${message} (relval serve --allowed-host NAME)` : message);
}

/**
 * Checks the token of a request. The time that it takes does not depend on the token.
 * @throws HttpError 403 if the server has no token, so that nothing can be changed; 401 if it is missing or wrong
 */
export function checkToken(token: string | undefined, authorization: string | undefined): void {
  if (token === undefined) {
    throw new HttpError(403, 'this server is read-only. To start, stop and resume runs, start it with --token-file');
  }
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(given), digest(token))) return;
  throw new HttpError(401, given === '' ? 'this request needs the token of this server' : 'the token is wrong');
}
