import type { Logger } from '../log.ts';
import type { HttpTimes } from './client.ts';
import type { Codec } from './codec.ts';
import type { Credentials } from './credentials.ts';
import type { MasterLocator } from './leader.ts';
import type { Call, Event } from './messages.ts';
import type { ReconnectPolicy } from './reconnect.ts';
import type { TlsOptions } from './tls.ts';

export interface MesosConnectionOptions {
  locate: MasterLocator;
  /** Default: protobuf. */
  codec?: Codec;
  /** Called before every SUBSCRIBE: the framework id and the suppressed roles may have changed. */
  subscribe: () => NonNullable<Call['subscribe']>;
  credentials?: Credentials | undefined;
  tls?: TlsOptions | undefined;
  log: Logger;
  /** Ms since 1970, by a clock that never jumps. */
  now: () => number;
  /**
   * Called for every event but HEARTBEAT, in order, one at a time; also for SUBSCRIBED and ERROR. Events of unknown type are left out.
   * If it throws, the stream is ended as if it had been lost, because one event was lost.
   */
  onEvent: (event: Event) => void;
  /** Called once for each subscription that is lost, but not for failed attempts, nor for `stop`. Reconnecting continues. */
  onDisconnected: (why: string) => void;
  times?: Partial<ConnectionTimes>;
  /** Calls, and as many acknowledgements, that are on their way together, each on a connection of its own. Default: 32. */
  callsAtOnce?: number;
}

export interface ConnectionTimes extends HttpTimes {
  /** Heartbeat interval when the master names none: 15 s (Mesos: DEFAULT_HEARTBEAT_INTERVAL). */
  heartbeatMs: number;
  /** The stream counts as dead after this many intervals without a byte. */
  heartbeatsMissed: number;
  /** After a stream that lived this long the next wait is short again. */
  settledMs: number;
  /** After a call was refused because of the stream, the stream may take this long to bring an ERROR event. */
  staleGraceMs: number;
  /** Replaces the wait between attempts, which otherwise depends on the error. */
  reconnect?: ReconnectPolicy;
}

export const TIMES: ConnectionTimes = {
  connectMs: 10_000,
  answerMs: 30_000,
  heartbeatMs: 15_000,
  heartbeatsMissed: 3,
  settledMs: 30_000,
  staleGraceMs: 1000,
};

/** For `/state`. Times in milliseconds since 1970. */
export interface ConnectionState {
  phase: 'stopped' | 'connecting' | 'subscribed' | 'waiting';
  /** The master of the subscription, or of the last attempt. */
  master?: string;
  streamId?: string;
  frameworkId?: string;
  subscribedSince?: number;
  lastHeartbeat?: number;
  /** Failed attempts since the last stream that lived. */
  failures: number;
  /** When the next attempt is due, while waiting. */
  nextAttempt?: number;
  lastError?: string;
}
