import { readFileSync } from 'node:fs';
import type { Logger } from '../log.ts';
import { ZooKeeperLocator } from './zookeeper.ts';

/** Finds the master to ask. URLs are bases: `http://HOST:PORT/`, with a path only if a proxy needs one. */
export interface MasterLocator {
  /** The master to ask next. Waits until one is known. @throws the signal's reason, or an Error after `close` */
  current(signal: AbortSignal): Promise<URL>;
  /** Another master named this one as the leader. */
  redirected(to: URL): void;
  /** This one did not answer, or did not answer as a leader. */
  failed(master: URL): void;
  /** Calls back whenever another master becomes the leader. Only ZooKeeper reports this. */
  onLeader(listener: (leader: URL) => void): void;
  close(): Promise<void>;
  /** Where it searches, without passwords. */
  toString(): string;
}

/** A master specification that cannot be used. The message says why, and contains no password. */
export class MasterSpecError extends Error {
  override name = 'MasterSpecError';
}

export interface LocateOptions {
  log: Logger;
  /** True for https where the specification has no scheme: `host:port`, and hosts from ZooKeeper. */
  secure?: boolean;
  /** A ZooKeeper server that is silent for this many milliseconds is given up for the next (10 s). */
  zookeeperTimeoutMs?: number;
}

/** Mesos' default `--port` of masters. */
const MASTER_PORT = 5050;
const ZOOKEEPER_PORT = 2181;
const FORMS =
  'HOST:PORT[,HOST:PORT…], http(s)://HOST:PORT, zk://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]/PATH, or file:///FILE that holds one of these';

/**
 * Reads a master specification: `HOST[:PORT]`, several of these separated by commas, `http(s)://HOST:PORT`,
 * `zk://[USER:PASSWORD@]HOST[:PORT],…/PATH`, or `file:///FILE` that holds one of these (as Mesos' own `--zk` does: it
 * keeps the password out of the process list).
 * @throws MasterSpecError
 */
export function parseMaster(spec: string, options: LocateOptions): MasterLocator {
  const text = spec.trim();
  if (text.startsWith('file://')) return parseMaster(readSpec(text.slice('file://'.length)), options);
  if (text.startsWith('zk://')) return parseZooKeeper(text.slice('zk://'.length), options);
  const masters = text.split(',').map((one) => parseOne(one.trim(), options.secure ?? false));
  return new ListLocator(masters);
}

function readSpec(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new MasterSpecError(`cannot read the master specification: ${(error as Error).message}`, { cause: error });
  }
  if (text.startsWith('file://'))
    throw new MasterSpecError(`${file} names another file. Write the masters themselves into it`);
  return text;
}

/** A name, an IPv4 address or an IPv6 address in brackets, and an optional port. */
const HOST = /^(\[[\da-f:.]+\]|[\w.-]*[a-z_-][\w.-]*|\d+(?:\.\d+){3})(?::(\d+))?$/i;

function parseOne(text: string, secure: boolean): URL {
  const bare = HOST.exec(text);
  if (bare) return url(`${secure ? 'https' : 'http'}://${text}${bare[2] ? '' : `:${MASTER_PORT}`}`, text);
  if (!/^https?:\/\//.test(text)) throw new MasterSpecError(`"${text}" does not name a master. Expected ${FORMS}`);
  const master = url(text, text);
  if (master.username || master.password) {
    throw new MasterSpecError(
      `${master.origin}: a master's URL must not contain a user and password. Use a credential file`,
    );
  }
  if (master.search || master.hash)
    throw new MasterSpecError(`"${text}": a master's URL must not contain a query or a fragment`);
  return master;
}

function url(text: string, shown: string): URL {
  if (!URL.canParse(text)) throw new MasterSpecError(`"${shown}" does not name a master. Expected ${FORMS}`);
  return new URL(text);
}

function parseZooKeeper(text: string, options: LocateOptions): ZooKeeperLocator {
  // As Mesos reads it: the text before the last "@" is "user:password", without decoding.
  const at = text.lastIndexOf('@');
  const auth = at < 0 ? undefined : text.slice(0, at);
  const slash = text.indexOf('/', at + 1);
  const path = slash < 0 ? '' : text.slice(slash).replace(/\/+$/, '');
  const shown = `zk://${auth === undefined ? '' : '…@'}${text.slice(at + 1)}`;
  if (auth !== undefined && !/^[^:]+:.+$/.test(auth)) {
    throw new MasterSpecError(`${shown}: USER:PASSWORD is missing before the "@"`);
  }
  if (path === '' || path.includes('//')) {
    throw new MasterSpecError(
      `${shown}: the path of the masters is missing, for example /mesos in zk://HOST:PORT/mesos`,
    );
  }
  const servers = text
    .slice(at + 1, slash)
    .split(',')
    .map((server) => {
      const host = HOST.exec(server);
      if (!host?.[1]) throw new MasterSpecError(`${shown}: "${server}" is not the HOST:PORT of a ZooKeeper server`);
      return { host: host[1].replace(/^\[|\]$/g, ''), port: Number(host[2] ?? ZOOKEEPER_PORT) };
    });
  return new ZooKeeperLocator({
    servers,
    path,
    auth,
    scheme: options.secure ? 'https' : 'http',
    timeoutMs: options.zookeeperTimeoutMs ?? 10_000,
    log: options.log,
  });
}

/** Masters with known addresses. Asking any of them finds the leader: the others redirect to it. */
class ListLocator implements MasterLocator {
  readonly #masters: URL[];
  #next = 0;
  #leader: URL | undefined;

  constructor(masters: URL[]) {
    this.#masters = masters;
  }

  async current(signal: AbortSignal): Promise<URL> {
    signal.throwIfAborted();
    return this.#leader ?? (this.#masters[this.#next] as URL);
  }

  redirected(to: URL): void {
    this.#leader = to;
  }

  failed(master: URL): void {
    if (this.#leader?.href === master.href) this.#leader = undefined;
    else if (this.#masters[this.#next]?.href === master.href) this.#next = (this.#next + 1) % this.#masters.length;
  }

  onLeader(): void {}

  async close(): Promise<void> {}

  toString(): string {
    return this.#masters.map((master) => master.href).join(',');
  }
}
