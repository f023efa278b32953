import { attemptSubscribe, SubscribeRefusedError } from './attempt.ts';
import { CallSender, type Subscription } from './calls.ts';
import { type Codec, protobufCodec } from './codec.ts';
import { CallRefusedError, excerpt, NotSubscribedError, TransportError } from './errors.ts';
import type { Call, Event } from './messages.ts';
import { type ConnectionState, type ConnectionTimes, type MesosConnectionOptions, TIMES } from './options.ts';
import { PASSING, type ReconnectPolicy, reconnectDelay } from './reconnect.ts';
import { saysStreamIsStale } from './refusal.ts';
import type { EventStream } from './stream.ts';

export type { ConnectionState, ConnectionTimes, MesosConnectionOptions } from './options.ts';

const KNOWN_EVENTS = new Set([
  'SUBSCRIBED',
  'OFFERS',
  'INVERSE_OFFERS',
  'RESCIND',
  'RESCIND_INVERSE_OFFER',
  'UPDATE',
  'UPDATE_OPERATION_STATUS',
  'MESSAGE',
  'FAILURE',
  'ERROR',
]);

/**
 * Calls, and as many acknowledgements, that are on their way together. A master answers a call within a millisecond, but the framework
 * sees the answer only in the next turn of its event loop, which takes up to 100 ms while it asks many managers. One call a turn
 * would be 10 in a second, and a worker needs three acknowledgements. An update that is not acknowledged within 10 s comes again, and
 * needs one more.
 */
const CALLS_AT_ONCE = 32;

interface Live extends Subscription {
  since: number;
  /** The same by `performance.now()`. */
  openedAt: number;
  lastHeartbeat: number | undefined;
}

/**
 * A framework's connection to the leading master: keeps one event stream subscribed, and sends calls beside it.
 *
 * Whenever a stream ends (by its master, the network, or silence), a new SUBSCRIBE follows, at growing intervals, until
 * `stop`. Lost calls and events are not repeated here: the owner reconciles
 * after the next SUBSCRIBED.
 */
export class MesosConnection {
  readonly #options: MesosConnectionOptions;
  readonly #codec: Codec;
  readonly #times: ConnectionTimes;
  readonly #calls: CallSender;
  readonly #seenUnknown = new Set<string>();
  #running: Promise<void> | undefined;
  #stopped = false;
  /** Ends the present attempt or stream, with a reason. */
  #attempt = new AbortController();
  /** Ends the wait between attempts. */
  #proceed: (() => void) | undefined;
  /** The master that is asked, or whose stream is read; undefined while none is known. */
  #master: URL | undefined;
  /** The message of the stream's ERROR event. */
  #reported: string | undefined;
  #live: Live | undefined;
  #failures = 0;
  #nextAttempt: number | undefined;
  #lastError: string | undefined;

  constructor(options: MesosConnectionOptions) {
    this.#options = options;
    this.#codec = options.codec ?? protobufCodec;
    this.#times = { ...TIMES, ...options.times };
    this.#calls = new CallSender({
      codec: this.#codec,
      credentials: options.credentials,
      tls: options.tls,
      times: this.#times,
      atOnce: options.callsAtOnce ?? CALLS_AT_ONCE,
      isCurrent: (subscription) => subscription === this.#live,
    });
    options.locate.onLeader((leader) => this.#leaderIs(leader));
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /**
   * Sends a call under the present subscription, in the order that `CallSender` keeps. `framework_id` is added. Resolves
   * when the master has accepted the call. That does not mean that it was carried out: later errors come as events.
   * After a TEARDOWN was accepted, call `stop`: there is nothing to reconnect to.
   * @throws NotSubscribedError, CallRefusedError, TransportError
   */
  async send(call: Call): Promise<void> {
    const live = this.#live;
    if (!live) throw new NotSubscribedError(call.type);
    try {
      await this.#calls.send(call, live);
    } catch (error) {
      if (error instanceof CallRefusedError) this.#onRefused(error, live);
      throw error;
    }
  }

  /** Ends the stream, waits for calls in progress, and closes all connections. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#live = undefined;
    this.#attempt.abort(new Error('stopped'));
    this.#proceed?.();
    await this.#running;
    await this.#calls.close();
  }

  get state(): ConnectionState {
    const live = this.#live;
    const state: ConnectionState = { phase: 'connecting', failures: this.#failures };
    if (this.#stopped || !this.#running) state.phase = 'stopped';
    else if (live) state.phase = 'subscribed';
    else if (this.#nextAttempt !== undefined) state.phase = 'waiting';
    if (this.#master) state.master = this.#master.href;
    if (live) {
      state.streamId = live.streamId;
      state.frameworkId = live.frameworkId.value;
      state.subscribedSince = live.since;
      if (live.lastHeartbeat !== undefined) state.lastHeartbeat = live.lastHeartbeat;
    }
    if (this.#nextAttempt !== undefined) state.nextAttempt = this.#nextAttempt;
    if (this.#lastError !== undefined) state.lastError = this.#lastError;
    return state;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#attempt = new AbortController();
      this.#master = undefined;
      this.#reported = undefined;
      let why: string;
      let policy = PASSING;
      try {
        const stream = await this.#open(this.#attempt.signal);
        await this.#follow(stream, this.#attempt);
        why = `the master ended the stream${this.#reported === undefined ? '' : ` after the error: ${this.#reported}`}`;
      } catch (error) {
        why = (error as Error).message;
        if (error instanceof SubscribeRefusedError) policy = error.policy;
      }
      await this.#end(why, policy);
    }
  }

  #open(signal: AbortSignal): Promise<EventStream> {
    const { locate, subscribe, credentials, tls, log } = this.#options;
    const onMaster = (master: URL): void => {
      this.#master = master;
    };
    const [codec, times] = [this.#codec, this.#times];
    return attemptSubscribe({ locate, codec, subscribe, credentials, tls, times, log, signal, onMaster });
  }

  /** Reports that the attempt or the stream has ended, and waits for a time that depends on the reason. */
  async #end(why: string, policy: ReconnectPolicy): Promise<void> {
    if (this.#stopped) return;
    const live = this.#live;
    this.#live = undefined;
    this.#lastError = why;
    if (live && performance.now() - live.openedAt >= this.#times.settledMs) this.#failures = 0;
    const delay = reconnectDelay(this.#times.reconnect ?? policy, this.#failures, Math.random());
    this.#failures += 1;
    const facts = { master: this.#master?.origin, failures: this.#failures, retryInMs: Math.round(delay) };
    if (live) {
      this.#options.log.warn(facts, `the subscription is lost: ${why}`);
      this.#options.onDisconnected(why);
    } else {
      this.#options.log[policy === PASSING ? 'warn' : 'error'](facts, `not subscribed: ${why}`);
    }
    if (!this.#stopped) await this.#wait(delay);
  }

  async #wait(delayMs: number): Promise<void> {
    this.#nextAttempt = this.#options.now() + delayMs;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#proceed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#proceed = undefined;
    this.#nextAttempt = undefined;
  }

  /** Reads a stream to its end, and ends it when it is silent for too long. Returns when the master ends it properly. */
  async #follow(stream: EventStream, attempt: AbortController): Promise<void> {
    const { heartbeatMs, heartbeatsMissed } = this.#times;
    const silence = (intervalMs: number): NodeJS.Timeout => {
      const limit = intervalMs * heartbeatsMissed;
      const why = `nothing arrived for ${limit / 1000} s: ${heartbeatsMissed} heartbeats are missing`;
      return setTimeout(() => attempt.abort(new TransportError(why)), limit);
    };
    let watch = silence(heartbeatMs);
    const onRecord = (record: Buffer): void => {
      // Nobody can answer the rest any more. Mesos repeats it for the next subscription.
      if (this.#stopped) return;
      const event = this.#codec.decodeEvent(record, (what) => this.#unknown(what));
      if (event.type === 'SUBSCRIBED') {
        clearTimeout(watch);
        const seconds = event.subscribed?.heartbeat_interval_seconds;
        watch = silence(seconds && seconds > 0 ? seconds * 1000 : heartbeatMs);
      }
      this.#handle(event, stream.streamId);
    };
    try {
      await stream.records(onRecord, () => watch.refresh());
    } finally {
      clearTimeout(watch);
    }
  }

  #handle(event: Event, streamId: string): void {
    const { log, onEvent } = this.#options;
    if (event.type === 'HEARTBEAT') {
      if (this.#live) this.#live.lastHeartbeat = this.#options.now();
      return;
    }
    if (!KNOWN_EVENTS.has(event.type)) {
      this.#unknown(`Event type ${event.type ?? 'that is missing'}`);
      return;
    }
    if (event.type === 'SUBSCRIBED') {
      const frameworkId = event.subscribed?.framework_id;
      if (!frameworkId) throw new TransportError('SUBSCRIBED without a framework id');
      const [since, openedAt] = [this.#options.now(), performance.now()];
      this.#live = { master: this.#master as URL, streamId, frameworkId, since, openedAt, lastHeartbeat: undefined };
      this.#lastError = undefined;
      log.info({ master: this.#live.master.origin, frameworkId: frameworkId.value, streamId }, 'subscribed');
    } else if (event.type === 'ERROR') {
      this.#reported = event.error?.message ?? '';
      log.error({ master: this.#master?.origin }, `the master reports an error: ${this.#reported}`);
    }
    try {
      onEvent(event);
    } catch (error) {
      log.error({ err: error, type: event.type }, 'an event could not be handled');
      throw error;
    }
  }

  /** Logs each kind once, not each occurrence. */
  #unknown(what: string): void {
    if (this.#seenUnknown.has(what)) return;
    this.#seenUnknown.add(what);
    this.#options.log.info(
      { unknown: what },
      'ignored a field or value that this version does not know: the master may be newer',
    );
  }

  /**
   * A call was refused because the stream is not this framework's any more. The stream usually ends at that moment,
   * with an ERROR event if another SUBSCRIBE took over, which the owner must see. If it does not end, it is dead.
   */
  #onRefused(refused: CallRefusedError, live: Live): void {
    if (this.#live !== live || !saysStreamIsStale(refused.status, refused.body)) return;
    const attempt = this.#attempt;
    setTimeout(() => {
      attempt.abort(new TransportError(`the master does not know this stream any more: ${excerpt(refused.body)}`));
    }, this.#times.staleGraceMs).unref();
  }

  /** Earlier failures belong to another master. The new one may need a moment to recover, so it is asked often again. */
  #leaderIs(leader: URL): void {
    this.#failures = 0;
    this.#proceed?.();
    if (this.#master && this.#master.origin !== leader.origin) {
      this.#attempt.abort(new TransportError(`${leader.origin} is the leader now`));
    }
  }
}
