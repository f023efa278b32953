import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { HttpError } from './http-error.ts';

/** What of a request decides whether it is answered at all. */
export interface Asked {
  method: string;
  headers: IncomingHttpHeaders;
  /** Address of this machine that it came in by. */
  localAddress: string | undefined;
}

const SAFE = ['GET', 'HEAD'];
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];

/**
 * Decides whether a request may be answered. Against DNS rebinding its Host must be a name of ours: a page of another site
 * whose name was made to lead here still has that site's name in it. Against cross-site requests its origin must be
 * ourselves wherever a browser tells it.
 * @param allowed further names of this server, in lower case
 * @throws HttpError 421 wrong host, 403 wrong origin
 */
export function guard({ method, headers, localAddress }: Asked, allowed: ReadonlySet<string>): void {
  const host = hostName(headers.host);
  if (host === undefined || !(LOOPBACK.includes(host) || allowed.has(host) || isOurAddress(host, localAddress))) {
    throw new HttpError(421, 'this server is not known by that name (relval serve --allowed-host NAME)');
  }
  const isUpgrade = headers.upgrade !== undefined;
  const { origin } = headers;
  if ((isUpgrade || !SAFE.includes(method)) && origin !== undefined && !isSame(origin, headers.host)) {
    throw new HttpError(403, 'requests from other sites are refused');
  }
  const site = headers['sec-fetch-site'];
  const foreign = site === 'cross-site' || site === 'same-site';
  // A link to a page here may stand anywhere.
  const isLink = headers['sec-fetch-mode'] === 'navigate' && SAFE.includes(method);
  if (foreign && !isLink) throw new HttpError(403, 'requests from other sites are refused');
}

/** Host without port, in lower case; undefined where there is none, or none that is one. */
function hostName(host: string | undefined): string | undefined {
  const found = /^(?:\[([\da-f:.]+)\]|([a-z\d_.-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}

/** A numeric address has no name that could be rebound; it must be the one that the request came in by all the same. */
function isOurAddress(host: string, localAddress: string | undefined): boolean {
  return isIP(host) !== 0 && localAddress?.replace(/^::ffff:/, '') === host;
}

function isSame(origin: string, host: string | undefined): boolean {
  try {
    const url = new URL(origin);
    return (
      /^https?:$/.test(url.protocol) && host !== undefined && url.host === new URL(`${url.protocol}//${host}`).host
    );
  } catch {
    return false;
  }
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
