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
  /** Whether this subscription is still the present one. */
  isCurrent: (subscription: Subscription) => boolean;
}

/**
 * Sends calls one after the other, in the order in which they were made, over one keep-alive connection per master.
 * The order matters: a SUPPRESS that overtakes an earlier REVIVE leaves the framework without offers.
 */
export class CallSender {
  readonly #options: CallSenderOptions;
  readonly #clients = new Map<string, MasterClient>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: CallSenderOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the master has accepted the call: 202, or 200 for UPDATE_FRAMEWORK.
   * @throws NotSubscribedError when the subscription ends before the call's turn; CallRefusedError;
   *   TransportError
   */
  send(call: Call, subscription: Subscription): Promise<void> {
    const turn = this.#last.then(() => this.#post(call, subscription));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Waits for the earlier calls, then closes the connections. */
  async close(): Promise<void> {
    await this.#last;
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
      client = new MasterClient(master, this.#options.times, this.#options.tls, this.#options.times.answerMs);
      this.#clients.set(master.origin, client);
    }
    return client;
  }
}
