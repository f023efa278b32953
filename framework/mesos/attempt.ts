import type { Logger } from '../log.ts';
import type { HttpTimes } from './client.ts';
import type { Codec } from './codec.ts';
import type { Credentials } from './credentials.ts';
import { excerpt, TransportError } from './errors.ts';
import { MAX_HOPS } from './http.ts';
import type { MasterLocator } from './leader.ts';
import type { Call } from './messages.ts';
import type { ReconnectPolicy } from './reconnect.ts';
import { judgeRefusal } from './refusal.ts';
import { type EventStream, openStream } from './stream.ts';
import type { TlsOptions } from './tls.ts';

export interface Attempt {
  locate: MasterLocator;
  codec: Codec;
  subscribe: () => NonNullable<Call['subscribe']>;
  credentials: Credentials | undefined;
  tls: TlsOptions | undefined;
  times: HttpTimes;
  log: Logger;
  signal: AbortSignal;
  /** Called for each master that is asked: the first one, and those to which it redirects. */
  onMaster: (master: URL) => void;
}

/** A master answered SUBSCRIBE and refused it. */
export class SubscribeRefusedError extends Error {
  override name = 'SubscribeRefusedError';
  readonly policy: ReconnectPolicy;

  constructor(status: number, body: string) {
    const { policy, advice } = judgeRefusal(status);
    super(`the master refused SUBSCRIBE: ${status} ${excerpt(body)} (${advice})`);
    this.policy = policy;
  }
}

/**
 * One attempt: finds the master, sends SUBSCRIBE, follows redirects. A redirect to a host that does not answer ends
 * the attempt: until ZooKeeper's session timeout other masters redirect to the old leader, so one has to wait.
 * @throws SubscribeRefusedError; TransportError; the signal's reason
 */
export async function attemptSubscribe(attempt: Attempt): Promise<EventStream> {
  const { locate, codec, credentials, log, signal } = attempt;
  let master = await locate.current(signal);
  reloadCredentials(credentials, log);
  const subscribe = attempt.subscribe();
  // Both ids must be set and equal, or both absent: a master refuses anything else.
  const id = subscribe.framework_info.id;
  const body = codec.encodeCall({ type: 'SUBSCRIBE', ...(id && { framework_id: id }), subscribe });
  for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
    attempt.onMaster(master);
    const authorization = credentials?.authorization();
    const answer = await openStream({ ...attempt, master, body, authorization }).catch((error: unknown) => {
      locate.failed(master);
      throw error;
    });
    if (answer.kind === 'stream') return answer.stream;
    if (answer.kind === 'refused') {
      locate.failed(master);
      throw new SubscribeRefusedError(answer.status, answer.body);
    }
    log.info({ master: master.origin, leader: answer.to.origin }, 'redirected to another master');
    locate.redirected(answer.to);
    master = answer.to;
  }
  locate.failed(master);
  throw new TransportError(`redirected more than ${MAX_HOPS} times, last to ${master.origin}`);
}

function reloadCredentials(credentials: Credentials | undefined, log: Logger): void {
  try {
    credentials?.reload();
  } catch (error) {
    log.error({}, `the new credentials cannot be read, so the former ones stay in use: ${(error as Error).message}`);
  }
}
