import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** The parts of a request that decide whether a server answers it. */
export interface Asked {
  method: string | undefined;
  /** The request target, as in the request's first line. */
  target: string | undefined;
  headers: IncomingHttpHeaders;
  /** The address of this machine at which the request arrived. */
  localAddress: string | undefined;
}

/** Why a request is refused: the status, and one sentence for the client. */
export interface Refusal {
  status: 400 | 403 | 421;
  message: string;
}

/** Names of a server, in lower case and without port, in addition to localhost and its own address; or any name. */
export type KnownNames = ReadonlySet<string> | 'any';

const SAFE = ['GET', 'HEAD'];
const LOOPBACK = ['localhost', '127.0.0.1', '::1'];
const FOREIGN: Refusal = { status: 403, message: 'this server refuses requests of other sites' };

/**
 * Decides whether a request may be answered. A web page of another site can send requests to a server on this machine,
 * and read the answers when its name was made to lead here (DNS rebinding). Such a request has that site's name in Host,
 * or names that site as its origin.
 * @param ownOrigin of the server behind a proxy, which may put a Host without port into requests: `https://HOST:PORT`
 * @returns undefined when it may; else status 400 for a proxy's request, 421 for a wrong Host, 403 for a wrong origin
 */
export function refusalOf(
  { method, target, headers, localAddress }: Asked,
  names: KnownNames,
  ownOrigin?: string,
): Refusal | undefined {
  if (!target?.startsWith('/')) {
    return { status: 400, message: 'the request target must be a path: this server is not a proxy' };
  }
  const host = hostName(headers.host);
  if (names !== 'any' && (host === undefined || !isKnown(host, names, localAddress))) {
    return { status: 421, message: 'this server does not answer to that host name' };
  }
  const { origin, 'sec-fetch-site': site } = headers;
  const isSafe = SAFE.includes(method ?? '');
  // Behind a proxy that puts its own name into Host the two names differ, but the browser says that it is one site.
  const saidSame = isSafe && site === 'same-origin';
  const isOwn = saidSame || origin === undefined || origin === ownOrigin || isSame(origin, headers.host);
  if (!isOwn) return FOREIGN;
  const foreign = site === 'cross-site' || site === 'same-site';
  // Any page may have a link to this server.
  const isLink = headers['sec-fetch-mode'] === 'navigate' && isSafe;
  return foreign && !isLink ? FOREIGN : undefined;
}

/** The path of a request target that `refusalOf` accepts, and its query. A second slash at its beginning does not name a host. */
export function urlOf(target: string | undefined): URL {
  return new URL(`http://localhost${target ?? '/'}`);
}

/** Host without port, in lower case; undefined when it is missing or malformed. */
function hostName(host: string | undefined): string | undefined {
  const found = /^(?:\[([\da-f:.]+)\]|([a-z\d_.-]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}

/** A numeric address needs no name server, so it cannot be rebound. It must still be the address at which the request arrived. */
function isKnown(host: string, names: ReadonlySet<string>, localAddress: string | undefined): boolean {
  if (LOOPBACK.includes(host) || names.has(host)) return true;
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
