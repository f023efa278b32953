import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { steadyNow } from '../../framework/tools/steady-clock.ts';
import { ArrivalWriter } from '../logs/arrival-times.ts';
import { assembleLog, LiveLog } from '../logs/live-log.ts';
import { Masker } from './mask.ts';
import type { Needles } from './needles.ts';

/** Most callers that may wait for the end of a stream; beyond this number the first is dropped. A step asks once, and again when it got no answer. */
const WAITING_LIMIT = 8;
/** When nothing has come for this time, a single byte that was held is passed on. */
const QUIET_MS = 300;

/**
 * One stream of one execution. Connections may be lost and made again; only the latest one counts.
 * The methods run one after the other: each settles when the earlier calls and itself are done.
 */
export class LogStream {
  readonly #path: string;
  readonly #masks: Needles;
  readonly #limit: number;
  #connection: Socket | undefined;
  /** Aborted when the connection in use ends. */
  #served: Promise<void> = Promise.resolve();
  #received = 0;
  /** Holds bytes that may be the beginning of a secret, of the last connection. */
  #masker: Masker;
  #closed = false;
  #waiting: { size: number; done: () => void }[] = [];

  constructor(path: string, masks: Needles, limit: number) {
    this.#path = path;
    this.#masks = masks;
    this.#limit = limit;
    this.#masker = new Masker(masks);
  }

  /**
   * Receives until the connection ends. It replaces the connection before it.
   * @throws when the disk is full or fails
   */
  receive(connection: Socket): Promise<void> {
    this.#connection?.destroy();
    this.#connection = connection;
    const received = this.#served.then(() => this.#receive(connection));
    this.#served = received.catch(() => {});
    return received;
  }

  /** A sign of life for the other side. A connection that does not accept even this is given up. */
  tell(): void {
    const connection = this.#connection;
    if (!connection || connection.destroyed) return;
    if (connection.writableLength > 1024) connection.destroy();
    else connection.write(`have ${this.#received}\n`);
  }

  /** Settles when this many bytes have arrived, or the stream is closed. */
  async complete(size: number): Promise<void> {
    if (this.#received >= size || this.#closed) return;
    if (this.#waiting.length >= WAITING_LIMIT) this.#waiting.shift()?.done();
    await new Promise<void>((done) => this.#waiting.push({ size, done }));
  }

  /**
   * Accepts no more connections. Bytes on their way have `graceMs` to arrive, because a step that has ended closes its side.
   * @param over the stream is complete: its file is joined
   * @throws when the disk is full or fails
   */
  async close(graceMs: number, over: boolean): Promise<void> {
    const timer = setTimeout(() => this.#connection?.destroy(), graceMs);
    await this.#served;
    clearTimeout(timer);
    this.#closed = true;
    this.#wake();
    // A short step has sent nothing.
    if (!over || !existsSync(this.#path)) return;
    const { bytes } = this.#masker.end();
    if (bytes.length > 0) {
      const log = await LiveLog.open(this.#path, this.#limit);
      const arrival = new ArrivalWriter(this.#path);
      try {
        await arrival.came(log.offset, steadyNow());
        await log.write(bytes);
      } finally {
        await arrival.close(log.offset);
        await log.close();
      }
    }
    await assembleLog(this.#path, this.#limit);
  }

  async #receive(connection: Socket): Promise<void> {
    if (connection.destroyed || this.#closed) return;
    const log = await LiveLog.open(this.#path, this.#limit);
    const arrival = new ArrivalWriter(this.#path);
    try {
      // Bytes before the offset are requested again, but not written again: a secret may lie across the offset.
      const masker = new Masker(this.#masks);
      let known = Math.min(masker.context, log.offset);
      this.#masker = masker;
      this.#received = log.offset - known;
      connection.write(`have ${this.#received}\n`);
      const failures: unknown[] = [];
      const put = async (bytes: Buffer): Promise<void> => {
        const skip = Math.min(known, bytes.length);
        known -= skip;
        if (bytes.length === skip) return;
        await arrival.came(log.offset, steadyNow());
        await log.write(bytes.subarray(skip)).catch((error: unknown) => failures.push(error));
      };
      let quiet: NodeJS.Timeout | undefined;
      let single = Promise.resolve();
      try {
        for await (const chunk of connection as AsyncIterable<Buffer>) {
          clearTimeout(quiet);
          await single;
          await put(masker.push(chunk).bytes);
          if (failures.length > 0) break;
          this.#received += chunk.length;
          this.#wake();
          quiet = setTimeout(() => {
            single = put(masker.passSingle());
          }, QUIET_MS);
        }
      } catch {
        // the connection was lost: another one may follow
      }
      clearTimeout(quiet);
      await single;
      // The held bytes are incomplete then, or belong after bytes that are missing.
      if (known > 0 || failures.length > 0) this.#masker = new Masker(this.#masks);
      if (failures.length > 0) throw failures[0];
    } finally {
      await arrival.close(log.offset);
      await log.close();
    }
  }

  #wake(): void {
    const ready = this.#waiting.filter(({ size }) => this.#closed || this.#received >= size);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !ready.includes(one));
    for (const { done } of ready) done();
  }
}
