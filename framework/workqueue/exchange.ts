import { connect } from 'node:net';
import { formatHostPort, type HostPort } from '../net/address.ts';

/**
 * Why an exchange failed:
 * - `refused`: nothing listens there
 * - `unreachable`: no connection (no route, no such name, no answer to SYN), or the peer's host vanished
 * - `dropped`: connected, then reset
 * - `timeout`: connected, but the answer was not complete in time
 * - `too large`: the answer is over the limit
 * - `stopped`: this side gave up (the signal was aborted)
 */
export type ExchangeFailure = 'refused' | 'unreachable' | 'dropped' | 'timeout' | 'too large' | 'stopped';

/** An exchange without a complete answer. */
export class ExchangeError extends Error {
  override name = 'ExchangeError';
  readonly failure: ExchangeFailure;
  /** The message without the address. */
  readonly what: string;

  constructor(failure: ExchangeFailure, peer: HostPort, what: string) {
    super(`${formatHostPort(peer)} ${what}`);
    this.failure = failure;
    this.what = what;
  }
}

/** A dialogue on one connection: first `opening`, then what `take` returns for the bytes that arrive. */
export interface Conversation {
  opening: string;
  /**
   * Handles the next bytes. `send` is written back, `answer` is kept as a part of the answer, `complete` ends the
   * dialogue before the peer closes the connection. If it throws, the connection ends and the exchange is rejected.
   */
  take(chunk: Buffer): { send?: string; answer?: Buffer; complete?: boolean };
}

export interface ExchangeLimits {
  /** Time to connect, with name resolution, ms. */
  connectMs: number;
  /** Time from connected to the end of the answer, ms. */
  answerMs: number;
  /** Longest answer, bytes. */
  maxBytes: number;
  signal?: AbortSignal;
  /** Called once if the answer is not complete `afterMs` after the connection was made. The exchange continues. */
  slow?: { afterMs: number; call: () => void };
}

export interface ExchangeAnswer {
  bytes: Buffer;
  /** From the first byte to the last, ms: how long the peer was busy with sending. */
  transferMs: number;
}

/**
 * What arrives on any connection is first read into this, and copied from there. Node.js would make 64 kB for each read, which is
 * 64 kB of garbage for the usual answer of less than 1 kB.
 */
const ARRIVALS = Buffer.allocUnsafeSlow(64 * 1024);

/** TCP keepalive begins after this idle time, ms, so that a host that vanished is noticed within half a minute. */
const KEEPALIVE_MS = 15_000;

/**
 * Connects, sends the opening at once, and collects the answer until the peer closes or the dialogue is complete.
 * The socket is closed in every case when the promise settles.
 * @throws ExchangeError, or what `take` throws
 */
export function exchange(peer: HostPort, talk: Conversation, limits: ExchangeLimits): Promise<ExchangeAnswer> {
  return new Promise((resolve, reject) => {
    if (limits.signal?.aborted) {
      reject(new ExchangeError('stopped', peer, 'was not asked, because the framework stops'));
      return;
    }
    const parts: Buffer[] = [];
    let received = 0;
    let firstByteAt: number | undefined;
    let connected = false;
    let slowTimer: NodeJS.Timeout | undefined;

    const socket = connect({
      host: peer.host,
      port: peer.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEPALIVE_MS,
      autoSelectFamilyAttemptTimeout: Math.max(10, limits.connectMs / 4),
      onread: { buffer: ARRIVALS, callback: (length) => receive(Buffer.from(ARRIVALS.subarray(0, length))) },
    });
    const fail = (failure: ExchangeFailure, what: string) => finish(new ExchangeError(failure, peer, what));
    let timer = setTimeout(
      fail,
      limits.connectMs,
      'unreachable',
      `did not accept a connection within ${limits.connectMs} ms`,
    );
    const onAbort = () => fail('stopped', 'did not answer before the framework stopped');
    limits.signal?.addEventListener('abort', onAbort, { once: true });

    function finish(error?: unknown): void {
      clearTimeout(timer);
      clearTimeout(slowTimer);
      limits.signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      const now = performance.now();
      if (error === undefined) resolve({ bytes: Buffer.concat(parts), transferMs: now - (firstByteAt ?? now) });
      else reject(error);
    }

    /** @returns false to receive no more */
    function receive(chunk: Buffer): boolean {
      firstByteAt ??= performance.now();
      received += chunk.length;
      if (received > limits.maxBytes) {
        fail('too large', `sent more than ${limits.maxBytes} bytes`);
        return false;
      }
      try {
        const { send, answer, complete } = talk.take(chunk);
        if (answer) parts.push(answer);
        if (complete) finish();
        else if (send) socket.write(send, 'latin1');
        return !complete;
      } catch (error) {
        finish(error);
        return false;
      }
    }

    socket.on('connect', () => {
      connected = true;
      clearTimeout(timer);
      timer = setTimeout(fail, limits.answerMs, 'timeout', `did not answer completely within ${limits.answerMs} ms`);
      if (limits.slow) slowTimer = setTimeout(limits.slow.call, limits.slow.afterMs);
      socket.write(talk.opening, 'latin1');
    });
    socket.on('end', () => finish());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A host name with several addresses fails with one error for each.
      const each: NodeJS.ErrnoException[] = error instanceof AggregateError ? error.errors : [error];
      const code = each.find((one) => one.code === 'ECONNREFUSED')?.code ?? error.code ?? error.message;
      if (code === 'ECONNREFUSED') fail('refused', 'refuses connections');
      else if (code === 'ECONNRESET' || code === 'EPIPE') fail('dropped', `dropped the connection (${code})`);
      else fail('unreachable', `${connected ? 'vanished' : 'cannot be reached'} (${code})`);
    });
  });
}
