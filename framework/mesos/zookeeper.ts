import type { Logger } from '../log.ts';
import { formatHostPort } from '../net/address.ts';
import type { MasterLocator } from './leader.ts';
import { leaderNode, masterUrl } from './znode.ts';
import { NO_AUTH, NO_NODE, ZooKeeperError, ZooKeeperSession } from './zookeeper-session.ts';

export interface ZooKeeperOptions {
  servers: { host: string; port: number }[];
  /** The node below which masters register, as `/mesos`. */
  path: string;
  /** `user:password` for ZooKeeper's digest scheme. */
  auth: string | undefined;
  /** How masters are spoken to: their znodes do not tell. */
  scheme: 'http' | 'https';
  /** Milliseconds of silence after which a server is given up for the next. */
  timeoutMs: number;
  log: Logger;
}

/** Milliseconds before ZooKeeper is asked again where no watch will tell: no such node, no permission, no session. */
const ASK_AGAIN_MS = 1000;

/**
 * Follows the election of Mesos masters in ZooKeeper: one session after the other, and in each of them who leads is read
 * at its begin and whenever the watch fires. While ZooKeeper is away the last known leader stands: a running stream is
 * worth more than certainty.
 */
export class ZooKeeperLocator implements MasterLocator {
  readonly #options: ZooKeeperOptions;
  readonly #listeners: ((leader: URL) => void)[] = [];
  readonly #running: Promise<void>;
  #leader: URL | undefined;
  #closed = false;
  /** Those who wait for a leader. */
  #waiting: (() => void)[] = [];
  /** Something changed since the last reading; and how to end the pause before the next one. */
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

  /** ZooKeeper's word counts, not that of a master which has yet to learn it, nor a master's silence. */
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

  /** Reads again and again until the session ends. @throws the reason of that */
  async #follow(session: ZooKeeperSession): Promise<void> {
    while (!this.#closed) {
      this.#changed = false;
      const complete = await this.#read(session);
      if (!this.#changed) await this.#pause(complete ? undefined : ASK_AGAIN_MS);
    }
  }

  /** True when the watch will tell whatever happens next. */
  async #read(session: ZooKeeperSession): Promise<boolean> {
    const { path, scheme } = this.#options;
    let node: string | undefined;
    try {
      node = leaderNode(await session.children(path));
      if (node !== undefined) this.#elect(masterUrl(await session.data(`${path}/${node}`), scheme), node);
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (error.code === NO_AUTH) {
        this.#complain(`not allowed to read ${path}: give the user and password that the masters' zk:// has`);
      } else if (error.code !== NO_NODE) {
        throw error;
      } else if (node === undefined) {
        this.#complain(`${path} does not exist: has a master ever started with this path?`);
      }
      // A node that was there a moment ago, and is not now, needs no word: the watch has fired, too.
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

  /** Says each trouble once, not every second. */
  #complain(what: string): void {
    if (what === this.#complaint) return;
    this.#complaint = what;
    this.#options.log.warn({ zookeeper: `${this}` }, `ZooKeeper does not tell the leading master: ${what}`);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #onChange(): void {
    this.#changed = true;
    this.#proceed?.();
  }

  /** Until something changes, or this time is over. */
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
