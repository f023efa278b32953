import { Turns } from '../net/turns.ts';
import { type HttpTimes, MasterClient } from './client.ts';
import type { Codec } from './codec.ts';
import type { Credentials } from './credentials.ts';
import { CallRefusedError, NotSubscribedError, TransportError } from './errors.ts';
import { MAX_HOPS, readAnswer, redirectTarget, schedulerPath, transportError } from './http.ts';
import type { Call, Id } from './messages.ts';
import type { TlsOptions } from './tls.ts';

/** The subscription under which calls are sent. */
export interface Subscription {
  readonly master: URL;
  readonly streamId: string;
  readonly frameworkId: Id;
}

export interface CallSenderOptions {
  codec: Codec;
  credentials: Credentials | undefined;
  tls: TlsOptions | undefined;
  times: HttpTimes;
  /** Calls that are on their way together, each on a connection of its own; as many acknowledgements beside them. */
  atOnce: number;
  /** Whether this subscription is still the present one. */
  isCurrent: (subscription: Subscription) => boolean;
}

/**
 * Calls of these types concern different offers and workers, so it does not matter which of two arrives first. One case is different: a
 * kill must not overtake the launch of its worker.
 */
const INDEPENDENT: ReadonlySet<Call['type']> = new Set<Call['type']>(['ACCEPT', 'DECLINE', 'KILL']);

/**
 * Sends calls in the order in which they were made, over keep-alive connections.
 * The order matters: a SUPPRESS that overtakes an earlier REVIVE leaves the framework without offers. Only calls of the
 * independent types go together. Acknowledgements wait for no other call, and no other call waits for them: the next update of a
 * worker comes only after the one before was acknowledged.
 */
export class CallSender {
  readonly #options: CallSenderOptions;
  readonly #clients = new Map<string, MasterClient>();
  readonly #calls: Turns;
  readonly #acknowledgements: Turns;
  /** By worker: its launch, while it is not answered yet. */
  readonly #launching = new Map<string, Promise<void>>();
  /** Those that are not answered yet, by stream and update. */
  readonly #acknowledging = new Map<string, Promise<void>>();

  constructor(options: CallSenderOptions) {
    this.#options = options;
    this.#calls = new Turns(options.atOnce);
    this.#acknowledgements = new Turns(options.atOnce);
  }

  /**
   * Resolves when the master has accepted the call: 202, or 200 for UPDATE_FRAMEWORK.
   * @throws NotSubscribedError when the subscription ends before the call's turn; CallRefusedError;
   *   TransportError
   */
  send(call: Call, subscription: Subscription): Promise<void> {
    if (call.type === 'ACKNOWLEDGE') return this.#acknowledge(call, subscription);
    const sent = this.#calls.take(INDEPENDENT.has(call.type) ? 'independent' : undefined, async () => {
      await this.#launching.get(call.kill?.task_id.value ?? '');
      await this.#post(call, subscription);
    });
    const answered = sent.catch(() => undefined);
    for (const { launch } of call.accept?.operations ?? []) {
      for (const { task_id } of launch.task_infos) this.#follow(task_id.value, answered);
    }
    return sent;
  }

  #follow(worker: string, answered: Promise<void>): void {
    this.#launching.set(worker, answered);
    void answered.then(() => this.#launching.delete(worker));
  }

  /** A master repeats an update after 10 s. While its acknowledgement still waits here, another one would only lengthen the queue. */
  #acknowledge(call: Call, subscription: Subscription): Promise<void> {
    const key = `${subscription.streamId} ${Buffer.from(call.acknowledge?.uuid ?? []).toString('hex')}`;
    const known = this.#acknowledging.get(key);
    if (known) return known;
    const sent = this.#acknowledgements
      .take('ACKNOWLEDGE', () => this.#post(call, subscription))
      .finally(() => this.#acknowledging.delete(key));
    this.#acknowledging.set(key, sent);
    return sent;
  }

  /** Waits for the earlier calls, then closes the connections. */
  async close(): Promise<void> {
    await Promise.all([this.#calls.idle(), this.#acknowledgements.idle()]);
    for (const client of this.#clients.values()) client.destroy();
    this.#clients.clear();
  }

  async #post(call: Call, subscription: Subscription): Promise<void> {
    const { codec, credentials, isCurrent } = this.#options;
    if (!isCurrent(subscription)) throw new NotSubscribedError(call.type);
    const body = codec.encodeCall({ ...call, framework_id: subscription.frameworkId });
    let master = subscription.master;
    for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
      const answer = await this.#client(master)
        .post({
          path: schedulerPath(master),
          headers: {
            'Content-Type': codec.contentType,
            Accept: codec.contentType,
            'Mesos-Stream-Id': subscription.streamId,
            ...(credentials && { Authorization: credentials.authorization() }),
          },
          body,
        })
        .then(async (answer) => ({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: await readAnswer(answer),
        }))
        .catch((error: unknown) => {
          throw transportError(master, `${call.type} to`, error);
        });
      if (answer.status === (call.type === 'UPDATE_FRAMEWORK' ? 200 : 202)) return;
      if (answer.status !== 307) throw new CallRefusedError(call.type, answer.status, answer.text);
      master = redirectTarget(master, answer.headers.location);
    }
    throw new TransportError(`${call.type}: redirected more than ${MAX_HOPS} times, last to ${master.origin}`);
  }

  #client(master: URL): MasterClient {
    let client = this.#clients.get(master.origin);
    if (!client) {
      const { times, tls, atOnce } = this.#options;
      client = new MasterClient(master, times, tls, { bodyMs: times.answerMs, connections: 2 * atOnce });
      this.#clients.set(master.origin, client);
    }
    return client;
  }
}
