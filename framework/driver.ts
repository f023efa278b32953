import { randomUUID } from 'node:crypto';
import { type Demand, together } from './demand/demand.ts';
import type { Source, SourceType } from './demand/source.ts';
import { withoutEffect } from './dry-run.ts';
import type { Logger } from './log.ts';
import { CodecError } from './mesos/codec.ts';
import { MesosConnection } from './mesos/connection.ts';
import { CallRefusedError } from './mesos/errors.ts';
import type { Call, Event, FrameworkInfo } from './mesos/messages.ts';
import type { MesosConnectionOptions } from './mesos/options.ts';
import { Recent, SAMPLE_MS } from './ops/recent.ts';
import { Scheduler, type SchedulerEvent } from './scheduler/scheduler.ts';
import type { Pool } from './scheduler/state/pool.ts';
import type { JournalRecord } from './scheduler/state/records.ts';
import { initialState, replay, snapshot } from './scheduler/state/state.ts';
import type { ProjectDecision } from './scheduler/target/terms.ts';
import { Journal } from './store/journal.ts';
import { openFileLimit } from './tools/open-files.ts';
import { steadyNow } from './tools/steady-clock.ts';

/** How often the core learns the time when no event comes. It counts releases, repetitions and pauses in seconds. */
const TICK_MS = 500;
/** The same while the core is idle, so that nothing can become due. Any event brings the short ticks back. */
const IDLE_TICK_MS = 2500;
/** `whenIdle` is called when the core has been idle for so long, and then at these intervals. */
const IDLE_FIRST_MS = 30_000;
const IDLE_AGAIN_MS = 120_000;
/** A worker connects about 20 ms after its process has started. After this time its source asks the manager again. */
const NEWS_MS = 40;
/** A call to the master needs an open file, and two where the master is embedded. With fewer than this, calls go one by one. */
const MANY_FILES = 1024;

export interface DriverOptions {
  pools: readonly Pool[];
  /** What Mesos learns about this framework. The core adds id, roles and capabilities. */
  info: Omit<FrameworkInfo, 'id' | 'roles' | 'capabilities'>;
  connection: Pick<MesosConnectionOptions, 'locate' | 'credentials' | 'tls' | 'codec'>;
  /** The sources of demand. */
  sources: readonly SourceType[];
  /** Directory of the journal; undefined: no journal. A master that ends with this process forgets its workers as well. */
  stateDir?: string | undefined;
  log: Logger;
  /** Launches and kills are logged but not sent: see `dry-run.ts`. */
  dryRun?: boolean;
  /** Called when the framework cannot go on: another instance took over, or the master refuses this framework for good. */
  onFatal: (why: string) => void;
  /** Called half a minute after the core has become idle, and every two minutes while it is idle. */
  whenIdle?: () => void;
}

/**
 * The loop around the core. For each event the core decides, the records are written to the disk, and then the calls are sent.
 * All input and output is here; all decisions are in `scheduler/`.
 */
export class Driver {
  readonly scheduler: Scheduler;
  readonly connection: MesosConnection;
  readonly startedAt = steadyNow();
  /** For charts. */
  readonly recent: Recent;
  #sampledAt = 0;
  readonly #options: DriverOptions;
  readonly #journal: Journal<JournalRecord> | undefined;
  readonly #sources: readonly Source[];
  /** The last demand of each source, by the source's name. */
  readonly #demands = new Map<string, Demand>();
  #tick: NodeJS.Timeout | undefined;
  #stopped = false;
  /** The next tick is one of an idle core. */
  #idles = false;
  /** When to call `whenIdle` if the core is idle until then. */
  #idleAt = 0;
  /** Managers whose workers have started or ended. */
  readonly #news = new Set<string>();
  #newsTimer: NodeJS.Timeout | undefined;
  /** True when the journal could not be written. Then nothing is decided any more. */
  #broken = false;

  /** Reads the journal. It contacts nobody before `start`. @throws JournalError */
  constructor(options: DriverOptions) {
    this.#options = options;
    const { log } = options;
    let scheduler = new Scheduler(initialState(options.pools));
    if (options.stateDir !== undefined) {
      this.#journal = Journal.open<JournalRecord>(options.stateDir, {
        log,
        load: (records) => {
          scheduler = new Scheduler(replay(options.pools, records, steadyNow()));
        },
        snapshot: () => snapshot(scheduler.state),
      });
    }
    this.scheduler = scheduler;
    this.recent = new Recent(scheduler.state.workers.values());
    if (scheduler.state.frameworkId === undefined) this.handle({ type: 'removed', id: newFrameworkId() });
    this.connection = new MesosConnection({
      ...options.connection,
      ...(openFileLimit() < MANY_FILES && { callsAtOnce: 1 }),
      log,
      now: steadyNow,
      subscribe: () => scheduler.subscription(options.info),
      onEvent: (event) => this.#onMesosEvent(event),
      onDisconnected: () => this.handle({ type: 'disconnected' }),
    });
    this.#sources = options.sources.map((type) => {
      return type.open({ log, now: steadyNow, onDemand: (demand) => this.#onDemand(type.kind.source, demand) });
    });
  }

  /** ms since 1970, by the clock of everything that `/state` shows. */
  now(): number {
    return steadyNow();
  }

  start(): void {
    const { workers, frameworkId } = this.scheduler.state;
    this.#options.log.info({ frameworkId, workers: workers.size }, 'starting');
    this.connection.start();
    for (const source of this.#sources) source.start();
    this.#idleAt = steadyNow() + IDLE_FIRST_MS;
    this.#tickIn(TICK_MS);
  }

  #tickIn(ms: number): void {
    clearTimeout(this.#tick);
    if (this.#stopped) return;
    this.#tick = setTimeout(() => this.#onTick(), ms);
  }

  #onTick(): void {
    this.handle({ type: 'tick' });
    this.#idles = this.scheduler.isIdle;
    this.#tickIn(this.#idles ? IDLE_TICK_MS : TICK_MS);
    const now = steadyNow();
    if (!this.#idles) this.#idleAt = now + IDLE_FIRST_MS;
    else if (now >= this.#idleAt) {
      this.#idleAt = now + IDLE_AGAIN_MS;
      this.#options.whenIdle?.();
    }
    if (now - this.#sampledAt < SAMPLE_MS) return;
    this.#sampledAt = now;
    this.recent.sample(this.scheduler.state, now);
  }

  /** Handles one event: decides, records, sends. */
  handle(event: SchedulerEvent): void {
    if (this.#broken) return;
    if (this.#idles && event.type !== 'tick') {
      this.#idles = false;
      this.#tickIn(TICK_MS);
    }
    const { records, calls, decisions } = this.scheduler.handle(event, steadyNow(), Date.now());
    try {
      this.#journal?.append(records);
    } catch (error) {
      // The decision is in the state but not on the disk. Only a start from the journal makes both equal again.
      this.#broken = true;
      this.#options.onFatal(`the journal cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    for (const record of records) this.#report(record);
    for (const decision of decisions) this.#options.log.info(decision, sentenceOf(decision));
    for (const call of calls) this.#send(call);
  }

  /**
   * Stops this process. @param teardown also removes the framework from Mesos, which kills its workers.
   * Without it the workers continue, and the next start with the same state directory takes them over.
   */
  async stop({ teardown }: { teardown: boolean }): Promise<void> {
    clearTimeout(this.#tick);
    this.#stopped = true;
    await Promise.all(this.#sources.map((source) => source.stop()));
    if (teardown && this.scheduler.state.subscribed) {
      try {
        await this.connection.send({ type: 'TEARDOWN' });
        this.handle({ type: 'disconnected' });
        this.handle({ type: 'removed', id: newFrameworkId() });
      } catch (error) {
        this.#options.log.error({ error: String(error) }, 'the master did not get the teardown');
      }
    }
    await this.connection.stop();
    clearTimeout(this.#newsTimer);
    await this.#options.connection.locate.close();
    this.#journal?.close();
  }

  #onDemand(source: string, demand: Demand): void {
    this.#demands.set(source, demand);
    const all = together([...this.#demands.values()]);
    const partial = all.partial || this.#demands.size < this.#sources.length;
    this.handle({ type: 'demand', demand: { ...all, ...(partial && { partial }) } });
  }

  #onMesosEvent(event: Event): void {
    const { log } = this.#options;
    if (event.type === 'ERROR') {
      const message = event.error?.message ?? 'it gave no reason';
      if (/has been removed|completed framework/i.test(message)) {
        log.warn({ message }, 'the master has removed this framework: it registers as a new one');
        this.handle({ type: 'removed', id: newFrameworkId() });
        return;
      }
      this.#options.onFatal(
        /failed over/i.test(message)
          ? 'another instance has registered with the same framework id and took over'
          : `the master refuses this framework: ${message}`,
      );
      return;
    }
    if (event.type === 'UPDATE') this.#noteNews(event.update?.status.task_id.value);
    this.handle({ type: 'mesos', event });
  }

  /** A worker that starts or ends changes the need of its manager, so the manager is asked at once. */
  #noteNews(id: string | undefined): void {
    const manager = id === undefined ? undefined : this.scheduler.state.workers.get(id)?.manager;
    if (manager === undefined) return;
    if (this.#news.size === 0) {
      this.#newsTimer = setTimeout(() => {
        for (const manager of this.#news) for (const source of this.#sources) source.lookAt(manager);
        this.#news.clear();
      }, NEWS_MS).unref();
    }
    this.#news.add(manager);
  }

  #send(decided: Call): void {
    const { call, ended } = this.#options.dryRun ? withoutEffect(decided) : { call: decided, ended: [] };
    for (const event of ended) queueMicrotask(() => this.handle({ type: 'mesos', event }));
    if (!call) return;
    this.connection.send(call).catch((error: unknown) => {
      // A call that cannot be written has no effect either.
      const refused = error instanceof CallRefusedError || error instanceof CodecError;
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(
        { call: call.type, why },
        refused ? 'a call was refused' : 'a call did not reach the master',
      );
      this.handle({ type: 'call-failed', call, refused, why });
    });
  }

  #report(record: JournalRecord): void {
    const { log, dryRun } = this.#options;
    this.recent.note(record, steadyNow());
    if (record.type === 'launch') {
      const { id, project, manager, hostname, shape } = record.worker;
      log.info(
        { worker: id, project, manager, agent: hostname, ...shape },
        dryRun ? 'would launch a worker' : 'worker launched',
      );
    } else if (record.type === 'gone') {
      log.info({ worker: record.id, why: record.why }, 'worker ended');
    }
  }
}

function sentenceOf({ needed, launched, blockedBy, why }: ProjectDecision): string {
  if (needed === 0) return blockedBy === undefined ? 'no more workers needed' : `no workers: ${why}`;
  const some = `${needed} more ${needed === 1 ? 'worker' : 'workers'} needed, ${launched} launched`;
  return why === undefined ? some : `${some}: ${why}`;
}

/** Chosen here, so that it can be in the journal before the first SUBSCRIBE leaves; masters accept ids they never saw. */
function newFrameworkId(): string {
  return `workqueue-${randomUUID()}`;
}
