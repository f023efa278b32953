import { createHash, timingSafeEqual } from 'node:crypto';
import { type Asked, refusalOf } from '../../framework/http/guard.ts';
import { HttpError } from './http-error.ts';

/**
 * Decides whether a request may be answered: see `refusalOf`.
 * @param allowed further names of this server, in lower case
 * @throws HttpError 400 a proxy's request, 421 wrong host, 403 wrong origin
 */
export function guard(asked: Asked, allowed: ReadonlySet<string>): void {
  const refusal = refusalOf(asked, allowed);
  if (!refusal) return;
  const { status, message } = refusal;
  throw new HttpError(status, status === 421 ? `${message} (relval serve --allowed-host NAME)` : message);
}

/**
 * Whether a request brings the token; how long that takes says nothing about it.
 * @throws HttpError 403 there is no token, so that nothing can be changed; 401 it is missing or wrong
 */
export function checkToken(token: string | undefined, authorization: string | undefined): void {
  if (token === undefined) {
    throw new HttpError(403, 'this server only shows runs: start it with --token-file to stop, resume and start them');
  }
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  if (timingSafeEqual(digest(given), digest(token))) return;
  throw new HttpError(
    401,
    given === '' ? 'this needs the token of this server' : 'that is not the token of this server',
  );
}
