import type { Logger } from '../log.ts';
import type { Codec } from './codec.ts';
import type { Credentials } from './credentials.ts';
import type { HttpTimes } from './http.ts';
import type { MasterLocator } from './leader.ts';
import type { Call, Event } from './messages.ts';
import type { ReconnectPolicy } from './reconnect.ts';
import type { TlsOptions } from './tls.ts';

export interface MesosConnectionOptions {
  locate: MasterLocator;
  /** Protobuf unless told otherwise. */
  codec?: Codec;
  /** Asked anew before every SUBSCRIBE: the framework id and the suppressed roles may have changed. */
  subscribe: () => NonNullable<Call['subscribe']>;
  credentials?: Credentials | undefined;
  tls?: TlsOptions | undefined;
  log: Logger;
  /**
   * Every event but HEARTBEAT, in order, one at a time; SUBSCRIBED and ERROR too. Events of unknown type are left out.
   * When it throws, the stream is given up as if it had been lost, since an event is.
   */
  onEvent: (event: Event) => void;
  /** Once for each subscription that is lost, not for attempts that fail, nor for `stop`. Reconnecting goes on. */
  onDisconnected: (why: string) => void;
  times?: Partial<ConnectionTimes>;
}

export interface ConnectionTimes extends HttpTimes {
  /** Heartbeat interval when the master names none: 15 s (Mesos: DEFAULT_HEARTBEAT_INTERVAL). */
  heartbeatMs: number;
  /** Intervals without a byte after which the stream counts as dead. */
  heartbeatsMissed: number;
  /** A stream that lived so long makes the next wait short again. */
  settledMs: number;
  /** What a stream may still bring, such as its ERROR event, after a call was refused for its sake. */
  staleGraceMs: number;
  /** Overrides the wait between attempts, which otherwise depends on the trouble. */
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
  /** Of the subscription, or of the last attempt. */
  master?: string;
  streamId?: string;
  frameworkId?: string;
  subscribedSince?: number;
  lastHeartbeat?: number;
  /** Attempts that failed since the last stream that lived. */
  failures: number;
  /** When the next attempt is due, while waiting. */
  nextAttempt?: number;
  lastError?: string;
}
