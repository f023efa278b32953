import type { Readable } from 'node:stream';
import { type HttpTimes, MasterClient } from './client.ts';
import type { Codec } from './codec.ts';
import { TransportError } from './errors.ts';
import { readAnswer, redirectTarget, schedulerPath, transportError } from './http.ts';
import { RecordIODecoder } from './recordio.ts';
import type { TlsOptions } from './tls.ts';

export interface StreamRequest {
  master: URL;
  /** The encoded SUBSCRIBE call. */
  body: Buffer;
  codec: Codec;
  /** The `Authorization` header's value. */
  authorization: string | undefined;
  tls: TlsOptions | undefined;
  times: HttpTimes;
  /** Ends the attempt or the stream, with its reason. */
  signal: AbortSignal;
}

/** The answers of a master to SUBSCRIBE. */
export type StreamAnswer =
  | { kind: 'stream'; stream: EventStream }
  | { kind: 'redirect'; to: URL }
  | { kind: 'refused'; status: number; body: string };

/** The endless answer. Its connection carries nothing else, and is closed when `records` ends. */
export interface EventStream {
  /** The `Mesos-Stream-Id` that calls must send. */
  streamId: string;
  /**
   * Passes on each record when it is complete; returns when the master ends the stream properly.
   * @param onBytes called for every piece that arrives, as a sign of life
   * @throws TransportError when the stream is cut, also inside a record; RecordIOError; the signal's reason
   */
  records(onRecord: (record: Buffer) => void, onBytes: () => void): Promise<void>;
}

/**
 * Sends SUBSCRIBE on a new connection and reads the headers of the answer.
 *
 * No other request may use that connection: a master writes the answer to it into the middle of the
 * chunked body. The request has no `Mesos-Stream-Id`, which masters refuse here.
 * @throws TransportError without an answer, or with an answer that is not a master's; the signal's reason
 */
export async function openStream(request: StreamRequest): Promise<StreamAnswer> {
  const { master, codec, signal } = request;
  const client = new MasterClient(master, request.times, request.tls, { bodyMs: 0, connections: 1 });
  let keep = false;
  try {
    const answer = await client.post({
      path: schedulerPath(master),
      headers: {
        'Content-Type': codec.contentType,
        Accept: codec.contentType,
        ...(request.authorization && { Authorization: request.authorization }),
      },
      body: request.body,
      signal,
    });
    if (answer.statusCode === 307) return { kind: 'redirect', to: redirectTarget(master, answer.headers.location) };
    if (answer.statusCode !== 200) {
      return { kind: 'refused', status: answer.statusCode ?? 0, body: await readAnswer(answer) };
    }
    const streamId = answer.headers['mesos-stream-id'];
    const contentType = answer.headers['content-type'];
    if (typeof streamId !== 'string' || contentType !== codec.contentType) {
      throw new TransportError(
        `${master.origin} is not a Mesos master: it answers SUBSCRIBE with Content-Type ${contentType}, Mesos-Stream-Id ${streamId}`,
      );
    }
    keep = true;
    return { kind: 'stream', stream: new BodyStream(streamId, answer, () => client.destroy(), request) };
  } catch (error) {
    signal.throwIfAborted();
    throw transportError(master, 'SUBSCRIBE to', error);
  } finally {
    if (!keep) client.destroy();
  }
}

class BodyStream implements EventStream {
  readonly streamId: string;
  readonly #body: Readable;
  readonly #close: () => void;
  readonly #request: StreamRequest;

  constructor(streamId: string, body: Readable, close: () => void, request: StreamRequest) {
    this.streamId = streamId;
    this.#body = body;
    this.#close = close;
    this.#request = request;
  }

  async records(onRecord: (record: Buffer) => void, onBytes: () => void): Promise<void> {
    const { master, signal } = this.#request;
    const decoder = new RecordIODecoder();
    const body = this.#body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await body.next().catch((error: unknown) => {
          signal.throwIfAborted();
          throw transportError(master, 'the stream of', error);
        });
        if (done) break;
        onBytes();
        for (const record of decoder.records(value as Buffer)) {
          onRecord(record);
          // The handler of this record may have ended the stream: the rest of the piece is not passed on.
          signal.throwIfAborted();
        }
      }
      if (!decoder.atBoundary)
        throw new TransportError(`the stream of ${master.origin} ended in the middle of a record`);
    } finally {
      this.#close();
    }
  }
}
