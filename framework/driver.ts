import { randomUUID } from 'node:crypto';
import { type Demand, together } from './demand/demand.ts';
import type { Source, SourceType } from './demand/source.ts';
import { withoutEffect } from './dry-run.ts';
import type { Logger } from './log.ts';
import { MesosConnection } from './mesos/connection.ts';
import { CallRefusedError } from './mesos/errors.ts';
import type { Call, Event, FrameworkInfo } from './mesos/messages.ts';
import type { MesosConnectionOptions } from './mesos/options.ts';
import { Scheduler, type SchedulerEvent } from './scheduler/scheduler.ts';
import type { Pool } from './scheduler/state/pool.ts';
import type { JournalRecord } from './scheduler/state/records.ts';
import { initialState, replay, snapshot } from './scheduler/state/state.ts';
import type { ProjectDecision } from './scheduler/target/terms.ts';
import { Journal } from './store/journal.ts';

/** How often the core is given the time when nothing else happens: releases, repeats and pauses are counted in seconds. */
const TICK_MS = 500;
/** A worker connects some 20 ms after its process has begun: so long after a status update its source looks at it. */
const NEWS_MS = 40;

export interface DriverOptions {
  pools: readonly Pool[];
  /** What Mesos is told of this framework; id, roles and capabilities are the core's. */
  info: Omit<FrameworkInfo, 'id' | 'roles' | 'capabilities'>;
  connection: Pick<MesosConnectionOptions, 'locate' | 'credentials' | 'tls' | 'codec'>;
  /** Who says what is needed. */
  sources: readonly SourceType[];
  /** Where the journal lives. */
  stateDir: string;
  log: Logger;
  /** Launches and kills are logged, and not sent: see `dry-run.ts`. */
  dryRun?: boolean;
  /** Called when going on makes no sense: another instance took over, or the master refuses this framework for good. */
  onFatal: (why: string) => void;
}

/**
 * The loop around the core: one event at a time is decided, its records are made durable, and only then its calls leave.
 * Everything that can block or fail is here; everything that decides is in `scheduler/`.
 */
export class Driver {
  readonly scheduler: Scheduler;
  readonly connection: MesosConnection;
  readonly startedAt = Date.now();
  readonly #options: DriverOptions;
  readonly #journal: Journal<JournalRecord>;
  readonly #sources: readonly Source[];
  /** What each source said last, by its name. */
  readonly #demands = new Map<string, Demand>();
  #tick: NodeJS.Timeout | undefined;
  /** Managers of workers of which there is news. */
  readonly #news = new Set<string>();
  /** The journal could not be written: nothing is decided any more. */
  #broken = false;

  /** Reads the journal; nothing is contacted before `start`. @throws JournalError */
  constructor(options: DriverOptions) {
    this.#options = options;
    const { log } = options;
    let scheduler = new Scheduler(initialState(options.pools));
    this.#journal = Journal.open<JournalRecord>(options.stateDir, {
      log,
      load: (records) => {
        scheduler = new Scheduler(replay(options.pools, records));
      },
      snapshot: () => snapshot(scheduler.state),
    });
    this.scheduler = scheduler;
    if (scheduler.state.frameworkId === undefined) this.handle({ type: 'removed', id: newFrameworkId() });
    this.connection = new MesosConnection({
      ...options.connection,
      log,
      subscribe: () => scheduler.subscription(options.info),
      onEvent: (event) => this.#onMesosEvent(event),
      onDisconnected: () => this.handle({ type: 'disconnected' }),
    });
    this.#sources = options.sources.map((type) => {
      return type.open({ log, onDemand: (demand) => this.#onDemand(type.kind.source, demand) });
    });
  }

  start(): void {
    const { workers, frameworkId } = this.scheduler.state;
    this.#options.log.info({ frameworkId, workers: workers.size }, 'starting');
    this.connection.start();
    for (const source of this.#sources) source.start();
    this.#tick = setInterval(() => this.handle({ type: 'tick' }), TICK_MS);
  }

  /** Handles one event to its end: decide, record, send. */
  handle(event: SchedulerEvent): void {
    if (this.#broken) return;
    const { records, calls, decisions } = this.scheduler.handle(event, Date.now());
    try {
      this.#journal.append(records);
    } catch (error) {
      // What was decided is in the state but not on the disk. Only a start from the journal makes both the same again.
      this.#broken = true;
      this.#options.onFatal(`the journal cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    for (const record of records) this.#report(record);
    for (const decision of decisions) this.#options.log.info(decision, sentenceOf(decision));
    for (const call of calls) this.#send(call);
  }

  /**
   * Ends this process' part. @param teardown also ends the framework: Mesos kills its workers, and its id is done with.
   * Without it workers go on, and the next start with the same state directory takes them up again.
   */
  async stop({ teardown }: { teardown: boolean }): Promise<void> {
    clearInterval(this.#tick);
    await Promise.all(this.#sources.map((source) => source.stop()));
    if (teardown && this.scheduler.state.subscribed) {
      try {
        await this.connection.send({ type: 'TEARDOWN' });
        this.handle({ type: 'disconnected' });
        this.handle({ type: 'removed', id: newFrameworkId() });
      } catch (error) {
        this.#options.log.error({ error: String(error) }, 'teardown did not reach the master');
      }
    }
    await this.connection.stop();
    await this.#options.connection.locate.close();
    this.#journal.close();
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
      const message = event.error?.message ?? 'no reason given';
      if (/has been removed|completed framework/i.test(message)) {
        log.warn({ message }, 'the master has removed this framework: registering as a new one');
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

  /** A worker that has begun or ended changes what its manager needs: that is not left to the next regular look. */
  #noteNews(id: string | undefined): void {
    const manager = id === undefined ? undefined : this.scheduler.state.workers.get(id)?.manager;
    if (manager === undefined) return;
    if (this.#news.size === 0) {
      setTimeout(() => {
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
      const refused = error instanceof CallRefusedError;
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log.warn({ call: call.type, why }, refused ? 'call refused' : 'call lost');
      this.handle({ type: 'call-failed', call, refused, why });
    });
  }

  #report(record: JournalRecord): void {
    const { log, dryRun } = this.#options;
    if (record.type === 'launch') {
      const { id, project, manager, hostname, shape } = record.worker;
      log.info(
        { worker: id, project, manager, agent: hostname, ...shape },
        dryRun ? 'would launch a worker' : 'worker launched',
      );
    } else if (record.type === 'gone') {
      log.info({ worker: record.id, why: record.why }, 'worker gone');
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
