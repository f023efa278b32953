import type { Logger } from '../log.ts';
import { formatHostPort } from '../net/address.ts';
import type { MasterLocator } from './leader.ts';
import { leaderNode } from './znode.ts';
import { NO_AUTH, NO_NODE, ZooKeeperError, ZooKeeperSession } from './zookeeper-session.ts';

export interface ZooKeeperOptions {
  servers: { host: string; port: number }[];
  /** The node below which masters register, as `/mesos`. */
  path: string;
  /** `user:password` for ZooKeeper's digest scheme. */
  auth: string | undefined;
  /** The scheme for masters: their znodes do not contain it. */
  scheme: 'http' | 'https';
  /** A server that is silent for this many milliseconds is given up for the next. */
  timeoutMs: number;
  log: Logger;
}

/** Milliseconds before ZooKeeper is asked again where no watch is set: no such node, no permission, no session. */
const ASK_AGAIN_MS = 1000;

/**
 * Follows the election of Mesos masters in ZooKeeper. It opens one session after the other, and reads the leader
 * at the begin of each session and whenever the watch fires. While ZooKeeper does not answer, the last known leader stays: a running stream is
 * more important than certainty.
 */
export class ZooKeeperLocator implements MasterLocator {
  readonly #options: ZooKeeperOptions;
  readonly #listeners: ((leader: URL) => void)[] = [];
  readonly #running: Promise<void>;
  #leader: URL | undefined;
  #closed = false;
  /** Callers that wait for a leader. */
  #waiting: (() => void)[] = [];
  /** Something changed since the last read; and a function that ends the pause before the next one. */
  #changed = false;
  #proceed: (() => void) | undefined;
  #complaint: string | undefined;

  constructor(options: ZooKeeperOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  async current(signal: AbortSignal): Promise<URL> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#closed) throw new Error('the search for the leader is closed');
      if (this.#leader) return this.#leader;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake);
          resolve();
        };
        signal.addEventListener('abort', wake);
        this.#waiting.push(wake);
      });
    }
  }

  /** ZooKeeper decides, not a master that may not know the new leader yet, nor a master's silence. */
  redirected(): void {}

  failed(): void {}

  onLeader(listener: (leader: URL) => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    this.#onChange();
    await this.#running;
  }

  toString(): string {
    const { servers, path, auth } = this.#options;
    return `zk://${auth ? '…@' : ''}${servers.map(formatHostPort).join(',')}${path}`;
  }

  async #run(): Promise<void> {
    const { servers, timeoutMs, auth } = this.#options;
    let next = Math.floor(Math.random() * servers.length);
    while (!this.#closed) {
      const server = servers[next] as { host: string; port: number };
      next = (next + 1) % servers.length;
      const session = new ZooKeeperSession({ ...server, timeoutMs, auth, onWatch: () => this.#onChange() });
      void session.ended.then(() => this.#onChange());
      try {
        await this.#follow(session);
      } catch (error) {
        if (!this.#closed) this.#complain(`${server.host}:${server.port}: ${(error as Error).message}`);
      }
      await session.close();
      this.#changed = false;
      if (!this.#closed) await this.#pause(ASK_AGAIN_MS * (0.5 + Math.random() / 2));
    }
  }

  /** Reads again and again until the session ends. @throws the reason of its end */
  async #follow(session: ZooKeeperSession): Promise<void> {
    while (!this.#closed) {
      this.#changed = false;
      const complete = await this.#read(session);
      if (!this.#changed) await this.#pause(complete ? undefined : ASK_AGAIN_MS);
    }
  }

  /** @returns true when the watch will report the next change */
  async #read(session: ZooKeeperSession): Promise<boolean> {
    const { path, scheme } = this.#options;
    let node: string | undefined;
    try {
      node = leaderNode(await session.children(path));
      if (node !== undefined) {
        const info = await session.data(`${path}/${node}`);
        const { masterUrl } = await import('./master-info.ts');
        this.#elect(masterUrl(info, scheme), node);
      }
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (error.code === NO_AUTH) {
        this.#complain(`this framework may not read ${path}: use the user and password of the masters' zk:// address`);
      } else if (error.code !== NO_NODE) {
        throw error;
      } else if (node === undefined) {
        this.#complain(`${path} does not exist: check the path, and that a master has started with it`);
      }
      // If a node has just been removed, nothing is reported: the watch has fired, too.
      return false;
    }
    if (node === undefined) {
      this.#leader = undefined;
      this.#complain(`no master is registered below ${path}`);
    }
    return true;
  }

  #elect(leader: URL, node: string): void {
    this.#complaint = undefined;
    if (leader.href === this.#leader?.href) return;
    this.#leader = leader;
    this.#options.log.info({ zookeeper: `${this}`, node, master: leader.origin }, 'ZooKeeper names the leading master');
    this.#wake();
    for (const listener of this.#listeners) listener(leader);
  }

  /** Reports each error once, not every second. */
  #complain(what: string): void {
    if (what === this.#complaint) return;
    this.#complaint = what;
    this.#options.log.warn({ zookeeper: `${this}` }, `ZooKeeper does not name the leading master: ${what}`);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #onChange(): void {
    this.#changed = true;
    this.#proceed?.();
  }

  /** Waits until something changes, or this time is over. */
  async #pause(limitMs?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#proceed = resolve;
      if (limitMs !== undefined) timer = setTimeout(resolve, limitMs);
    });
    this.#proceed = undefined;
    clearTimeout(timer);
  }
}
