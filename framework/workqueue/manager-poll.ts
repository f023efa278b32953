import { setTimeout as sleep } from 'node:timers/promises';
import type { ProjectDemand } from '../demand/demand.ts';
import { Loop, type NextRound } from '../demand/loop.ts';
import type { Logger } from '../log.ts';
import type { Turns } from '../net/turns.ts';
import { demandOf, problemOf } from './demand-of.ts';
import type { Listing } from './listings.ts';
import { askManager, type ManagerAnswer, ManagerError, type Question } from './manager.ts';
import {
  type AskIntervals,
  afterFailure,
  afterNoTasks,
  afterSilence,
  afterStatus,
  afterTasks,
  afterWorkers,
  isSameRun,
  type ManagerStatus,
  nextAsk,
  notAskedYet,
  resting,
  tasksDue,
  workersDue,
} from './manager-status.ts';
import { type ManagerRecord, parseManagerRecord } from './records.ts';

export interface ManagerPollOptions {
  intervals: AskIntervals;
  /** Time to connect, ms; time after which an open question counts as silence, ms. */
  connectMs: number;
  silentMs: number;
  password?: Uint8Array;
  log: Logger;
  /** When to ask: many managers share it. */
  turns: Turns;
  /** ms since 1970, by a clock that never jumps. */
  now: () => number;
  /** The manager's demand, or the problem with it, has changed. */
  onChange: (poll: ManagerPoll) => void;
}

/**
 * A row is of a later report if it is later by more than this, ms. Catalogs count whole seconds, and the time of one report differs
 * by some ms from read to read, because it is moved from one clock to another.
 */
const LATER_REPORT_MS = 500;
/** Shortest pause between two rounds, ms, however often `poke` is called. */
const PAUSE_MS = 100;
/** After this time a manager that has not answered yet keeps no other one waiting, ms. */
const TURN_MS = 100;

/** Follows one manager: asks it repeatedly, one connection at a time, and keeps its answers. */
export class ManagerPoll {
  readonly #options: ManagerPollOptions;
  readonly #loop: Loop;
  readonly #stop = new AbortController();
  #listing: Listing;
  #known: ManagerStatus;
  #demand: ProjectDemand | undefined;
  #problem: string | undefined;
  /** A round waits for its turn, and has asked nothing yet. */
  #isWaiting = false;
  /** The state at the last call of `onChange`. */
  #shown = '';

  constructor(listing: Listing, options: ManagerPollOptions) {
    this.#listing = listing;
    this.#options = options;
    this.#known = notAskedYet(options.now());
    this.#loop = new Loop(() => this.#inTurn(), PAUSE_MS);
  }

  get address(): string {
    return this.#listing.address;
  }
  get demand(): ProjectDemand | undefined {
    return this.#demand;
  }
  get problem(): string | undefined {
    return this.#problem;
  }
  /** False until it was asked once, with any result. */
  get wasAsked(): boolean {
    return this.#known.state !== 'new';
  }
  /** Its own last record, while it lives. */
  get record(): ManagerRecord | undefined {
    return this.#known.record;
  }

  /** Asks again now. A manager that has ended is not asked. */
  poke(): void {
    if (this.#isWaiting) return;
    if (this.#known.state === 'new' || nextAsk(this.#known, this.#listing, this.#options.intervals) !== undefined) {
      this.#loop.poke();
    }
  }

  /**
   * A catalog lists a manager at this address. True if it is the manager that is followed here, or an earlier one at this address;
   * false if another poll should replace this one.
   */
  update({ row }: Listing): boolean {
    const mine = this.#listing.row;
    if (!row || !mine) return true;
    const { record } = this.#known;
    if (!isSameRun(row, mine)) return record !== undefined && row.startedAt < record.startedAt;
    const heard = row.lastHeardFrom > mine.lastHeardFrom + LATER_REPORT_MS;
    this.#listing = { ...this.#listing, row };
    // A manager that was taken for ended has reported again: ask it once more.
    if (heard && nextAsk(this.#known, this.#listing, this.#options.intervals) === undefined) this.#loop.poke();
    return true;
  }

  /** Stops asking: the manager is followed at another address. */
  retireFor(address: string): void {
    this.#know(
      resting(this.#known, 'duplicate', `is the manager at ${address}, which is asked already`, this.#options.now()),
    );
  }

  /** Checks again what depends on time only. */
  review(): void {
    if (this.#known.state === 'silent' || this.#known.state === 'failing') this.#know(this.#known);
  }

  /** Closes the connection, if any, and asks no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop.stop();
  }

  async #inTurn(): Promise<NextRound> {
    this.#isWaiting = true;
    const round = await this.#options.turns.take('round', async () => {
      this.#isWaiting = false;
      const result = this.#round();
      await Promise.race([result, sleep(TURN_MS, undefined, { ref: false })]);
      return { result };
    });
    return round.result;
  }

  async #round(): Promise<NextRound> {
    const { intervals, password } = this.#options;
    if (this.#listing.row?.ssl) {
      this.#know(
        resting(
          this.#known,
          'locked',
          'uses TLS (cctools: SSL), which this framework does not support',
          this.#options.now(),
        ),
      );
      return 'when poked';
    }
    try {
      await this.#askEverything();
    } catch (error) {
      if (!(error instanceof ManagerError)) throw error;
      if (error.failure === 'needs password' && password && !this.#known.protected) {
        // It is the first thing that such a manager says, and no failure.
        this.#known = { ...this.#known, protected: true };
        return this.#round();
      }
      this.#know(afterFailure(this.#known, error.failure, error.what, this.#options.now()));
    }
    return nextAsk(this.#known, this.#listing, intervals) ?? 'when poked';
  }

  /**
   * The counts are asked for after the list of workers: a task that a worker has just received must not be counted as
   * waiting together with that worker, or another worker would be started for it.
   */
  async #askEverything(): Promise<void> {
    let known = await this.#withStatus(this.#known);
    if (known.state === 'answering' && workersDue(known)) {
      known = afterWorkers(known, await this.#ask('worker_status'));
      known = await this.#withStatus(known);
    }
    if (known.state === 'answering') known = await this.#withTasks(known);
    this.#know(known);
  }

  async #withStatus(known: ManagerStatus): Promise<ManagerStatus> {
    const status = await this.#ask('queue_status');
    const record = parseManagerRecord(status.records[0] ?? {});
    if (!record) throw new ManagerError('garbage', this.#listing, 'answers queue_status without its project and port');
    return afterStatus(known, this.#listing, record, status, this.#options.now());
  }

  async #withTasks(known: ManagerStatus): Promise<ManagerStatus> {
    if (!tasksDue(known, this.#options.now())) return known;
    try {
      return afterTasks(known, await this.#ask('task_status'), this.#options.now());
    } catch (error) {
      if (!(error instanceof ManagerError) || !['garbage', 'timeout', 'too large'].includes(error.failure)) throw error;
      return afterNoTasks(known, this.#options.now());
    }
  }

  #ask(question: Question): Promise<ManagerAnswer> {
    const { connectMs, silentMs, password } = this.#options;
    const askedAt = this.#options.now();
    return askManager(this.#listing, question, {
      connectMs,
      silentMs,
      password: this.#known.protected ? password : undefined,
      onSilent: () => this.#know(afterSilence(this.#known, askedAt)),
      signal: this.#stop.signal,
    });
  }

  #know(known: ManagerStatus): void {
    const before = this.#known;
    this.#known = known;
    const now = this.#options.now();
    this.#demand = demandOf(this.#listing, known, now);
    this.#problem = problemOf(this.#listing, known);
    const isLocked = known.state === 'locked';
    if (known.state !== before.state || (isLocked && known.reason !== before.reason)) {
      const facts = { manager: this.address, project: known.record?.project ?? this.#listing.row?.project };
      // The framework tries a password first when a manager asks for one. Only if that fails must somebody act.
      const level = isLocked && (known.failure !== 'needs password' || !this.#options.password) ? 'warn' : 'info';
      this.#options.log[level]({ ...facts, before: before.state, reason: known.reason }, `manager is ${known.state}`);
    }
    const shown = JSON.stringify([{ ...this.#demand, asOf: 0 }, this.#problem, known.state === 'new']);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#options.onChange(this);
  }
}
