import type { Demand } from '../demand/demand.ts';
import { Loop, type NextRound } from '../demand/loop.ts';
import type { Source, SourceContext, SourceType } from '../demand/source.ts';
import { formatHostPort, type HostPort } from '../net/address.ts';
import { Turns } from '../net/turns.ts';
import { counted } from '../text/count.ts';
import { CatalogError, type CatalogRow, fetchCatalog } from './catalog.ts';
import { clockDifference, clockWords } from './clock.ts';
import { type Listing, listings } from './listings.ts';
import { ManagerPoll } from './manager-poll.ts';
import { isSameRun } from './manager-status.ts';
import { WORK_QUEUE_WORKER } from './worker.ts';

export interface WorkQueueOptions {
  /** Catalog servers, all of which are asked; the list may be empty. */
  catalogs: HostPort[];
  /** Managers that are asked without a catalog, whatever their project; they may start later. */
  managers: HostPort[];
  /** The whole content of the password file, for managers that ask for it. */
  password?: Uint8Array;
  intervals?: Partial<WatchIntervals>;
}

/** The source for Work Queue. */
export function workQueue(options: WorkQueueOptions): SourceType {
  return { kind: WORK_QUEUE_WORKER, open: (context) => new DemandWatcher({ ...options, ...context }) };
}

export interface WatchIntervals {
  /**
   * Time between two reads of a catalog, ms. 250, because a workflow must have its first worker 1 s after its start, and its row
   * appears after about 0.3 s. A read costs Debian's server 1.3 ms of processor time, so this is half a percent of a core.
   * A slow catalog is read less often: reading takes at most a tenth of the time.
   */
  catalogMs: number;
  /**
   * Time without a living manager after which a catalog is read a quarter as often, ms. The first worker of the next manager is
   * at most 0.75 s later, and an idle framework costs a third.
   */
  calmAfterMs: number;
  /**
   * Time between two rounds of questions to a manager with waiting tasks or workers, ms. 500: a stage that becomes ready is
   * seen within half a second, and three questions of about 1 ms each take less than a percent of the manager's time.
   */
  busyMs: number;
  /** The same for a manager without tasks and workers, ms. */
  idleMs: number;
  /** Time limit for one read of a catalog, ms. */
  catalogTimeoutMs: number;
  /** Time to connect to a manager, ms. */
  connectMs: number;
  /** A manager that has not answered after this time is called silent, ms. */
  silentMs: number;
}

export const WATCH_INTERVALS: WatchIntervals = {
  catalogMs: 250,
  calmAfterMs: 60_000,
  busyMs: 500,
  idleMs: 2000,
  catalogTimeoutMs: 4000,
  connectMs: 4000,
  silentMs: 3000,
};

/** Shortest time between two calls of `onDemand`, ms: with a thousand managers something changes all the time. */
const EMIT_PAUSE_MS = 20;
/** Share of the time that reading a catalog may take; the longest pause between two reads, ms. */
const LOOK_SHARE = 10;
const LONGEST_LOOK_PAUSE_MS = 5000;
/** How much longer the pause between two reads is while there has been no living manager for `calmAfterMs`. */
const CALM_FACTOR = 4;

/**
 * Managers that are followed at most. Anybody can list managers in a catalog, and each is asked again and again; those that
 * are followed already come first.
 */
const MOST_MANAGERS = 2000;

/**
 * Managers that are asked at the same time. More would take longer turns of the event loop, 100 ms with 600 managers, in which workers and
 * the master wait. On a machine that has no time for all of them they are asked less often.
 */
const ASKED_AT_ONCE = 32;

interface CatalogWatch {
  catalog: HostPort;
  loop: Loop;
  /** Their times are by the clock of this source, which never jumps. */
  rows: CatalogRow[];
  /** How much the catalog's clock is ahead of this machine's, ms. */
  ahead: number;
  /** False until the catalog was read for the first time. */
  wasRead: boolean;
  problem: string | undefined;
}

/**
 * Watches catalogs and managers, and reports what the managers need. Each catalog and each manager has its own loop,
 * so one that hangs delays no other. A manager that was reached once is followed until it has ended,
 * whatever its catalog says.
 */
export class DemandWatcher implements Source {
  readonly #options: WorkQueueOptions & SourceContext;
  readonly #intervals: WatchIntervals;
  readonly #stop = new AbortController();
  readonly #catalogs: CatalogWatch[];
  readonly #named: Listing[];
  readonly #polls = new Map<string, ManagerPoll>();
  readonly #turns = new Turns(ASKED_AT_ONCE);
  /** Everything was read at least once since the start. */
  #settled = false;
  /** Managers that are listed and not followed. */
  #surplus = 0;
  #emitTimer: NodeJS.Timeout | undefined;
  #emittedAt = Number.NEGATIVE_INFINITY;
  /** When a manager was last alive, by `performance.now()`. */
  #lastManagerAt = performance.now();

  constructor(options: WorkQueueOptions & SourceContext) {
    this.#options = options;
    this.#intervals = { ...WATCH_INTERVALS, ...options.intervals };
    this.#named = options.managers.map(({ host, port }) => ({ host, port, address: formatHostPort({ host, port }) }));
    this.#catalogs = options.catalogs.map((catalog) => {
      const watch: CatalogWatch = {
        catalog,
        loop: new Loop(() => this.#look(watch), this.#intervals.catalogMs / 4),
        rows: [],
        ahead: 0,
        wasRead: false,
        problem: undefined,
      };
      return watch;
    });
  }

  start(): void {
    for (const listing of this.#named) this.#follow(listing);
    for (const { loop } of this.#catalogs) loop.poke();
    this.#settle();
  }

  lookAt(address: string): void {
    this.#polls.get(address)?.poke();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#emitTimer);
    await Promise.all([
      ...this.#catalogs.map(({ loop }) => loop.stop()),
      ...[...this.#polls.values()].map((poll) => poll.stop()),
    ]);
  }

  /** The demand at this moment. */
  get #demand(): Demand {
    const polls = [...this.#polls.values()];
    const warnings = this.#catalogs.flatMap((watch) => clockWords(formatHostPort(watch.catalog), watch.ahead) ?? []);
    return {
      at: this.#options.now(),
      projects: polls.flatMap(({ demand }) => demand ?? []),
      problems: [
        ...[...this.#catalogs, ...polls].flatMap(({ problem }) => problem ?? []),
        ...(this.#surplus > 0
          ? [
              `the limit is ${MOST_MANAGERS} managers, so the framework does not ask ${counted(this.#surplus, 'further manager')}`,
            ]
          : []),
      ],
      ...(warnings.length > 0 && { warnings }),
      ...(!this.#settled && { partial: true }),
    };
  }

  async #look(watch: CatalogWatch): Promise<NextRound> {
    const { catalog } = watch;
    const { catalogMs, calmAfterMs, catalogTimeoutMs } = this.#intervals;
    const startedAt = performance.now();
    let problem: string | undefined;
    try {
      const { rows, date } = await fetchCatalog({ ...catalog, timeoutMs: catalogTimeoutMs, signal: this.#stop.signal });
      this.#compareClocks(watch, date, Math.max(...rows.map(({ lastHeardFrom }) => lastHeardFrom)));
      const ahead = watch.ahead + Date.now() - this.#options.now();
      watch.rows = rows.map((row) => ({ ...row, lastHeardFrom: row.lastHeardFrom - ahead }));
      watch.wasRead = true;
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      problem = error.message;
    }
    if (this.#stop.signal.aborted) return 'when poked';
    if (problem !== watch.problem) {
      const facts = { catalog: formatHostPort(catalog) };
      if (problem) this.#options.log.warn(facts, problem);
      else this.#options.log.info(facts, 'the catalog can be read again');
      watch.problem = problem;
      this.#changed();
    }
    this.#reconcile();
    const now = performance.now();
    // A catalog lists a manager for minutes after its end.
    if ([...this.#polls.values()].some(({ record }) => record)) this.#lastManagerAt = now;
    const pause = now - this.#lastManagerAt < calmAfterMs ? catalogMs : catalogMs * CALM_FACTOR;
    return Math.max(pause, Math.min((now - startedAt) * LOOK_SHARE, LONGEST_LOOK_PAUSE_MS));
  }

  /** Says once when the clock of a catalog differs from ours. @param newest time of its newest row, by its clock */
  #compareClocks(watch: CatalogWatch, date: string | undefined, newest: number): void {
    const ahead = clockDifference(date, newest, Date.now(), watch.ahead);
    if (ahead === watch.ahead) return;
    watch.ahead = ahead;
    const catalog = formatHostPort(watch.catalog);
    const words = clockWords(catalog, ahead);
    if (words) this.#options.log.warn({ catalog, aheadMs: ahead }, words);
    else this.#options.log.info({ catalog }, 'the clocks of the catalog server and of this machine agree again');
    this.#changed();
  }

  /** Follows the managers that the catalogs list, and drops managers that are neither listed nor alive. */
  #reconcile(): void {
    const all = listings(this.#catalogs, this.#options.now(), new Set(this.#polls.keys()));
    const listed = all.slice(0, MOST_MANAGERS);
    const surplus = all.length - listed.length;
    if (surplus !== this.#surplus) this.#changed();
    this.#surplus = surplus;
    for (const listing of listed) {
      const poll = this.#polls.get(listing.address);
      if (poll?.update(listing)) continue;
      if (poll) this.#drop(poll);
      this.#follow(listing);
    }
    const kept = new Set([...listed, ...this.#named].map(({ address }) => address));
    for (const poll of this.#polls.values()) {
      poll.review();
      if (!kept.has(poll.address) && !(poll.demand && poll.record)) this.#drop(poll);
    }
    this.#settle();
  }

  #follow(listing: Listing): void {
    const { password, log, now } = this.#options;
    const { busyMs, idleMs, catalogMs, connectMs, silentMs } = this.#intervals;
    const poll = new ManagerPoll(listing, {
      intervals: { busyMs, idleMs, absentMs: catalogMs },
      connectMs,
      silentMs,
      password,
      log,
      turns: this.#turns,
      now,
      onChange: () => this.#onPoll(poll),
    });
    this.#polls.set(listing.address, poll);
    poll.poke();
  }

  #drop(poll: ManagerPoll): void {
    this.#polls.delete(poll.address);
    void poll.stop();
    this.#changed();
  }

  #onPoll(poll: ManagerPoll): void {
    // One manager at two addresses is recognised only when both have answered. The address that was followed first stays.
    const { record } = poll;
    if (record?.startedAtMicros !== undefined) {
      const same = [...this.#polls.values()].filter((other) => other.record && isSameRun(other.record, record));
      for (const other of same.slice(1)) other.retireFor(same[0]?.address ?? '');
    }
    this.#settle();
    this.#changed();
  }

  #settle(): void {
    if (this.#settled) return;
    const all = this.#catalogs.every(({ wasRead }) => wasRead) && [...this.#polls.values()].every((p) => p.wasAsked);
    if (all) this.#changed();
    this.#settled = all;
  }

  #changed(): void {
    if (this.#stop.signal.aborted || this.#emitTimer) return;
    const emit = () => {
      this.#emitTimer = undefined;
      this.#emittedAt = performance.now();
      this.#options.onDemand(this.#demand);
    };
    this.#emitTimer = setTimeout(emit, Math.max(0, this.#emittedAt + EMIT_PAUSE_MS - performance.now()));
  }
}
