import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { PRIVATE_HEADERS } from '../http/server.ts';
import type { Codec } from '../mesos/codec.ts';
import type { Event } from '../mesos/messages.ts';
import { encodeRecord } from '../mesos/recordio.ts';
import type { EventStream } from './memory.ts';

/** The endless answer to a SUBSCRIBE: one HTTP chunk per record. */
export class HttpEventStream implements EventStream {
  readonly id = randomUUID();
  readonly #response: ServerResponse;
  readonly #codec: Codec;

  constructor(response: ServerResponse, codec: Codec) {
    this.#response = response;
    this.#codec = codec;
    response.writeHead(200, { ...PRIVATE_HEADERS, 'Mesos-Stream-Id': this.id, 'Content-Type': codec.contentType });
    response.flushHeaders();
  }

  send(event: Event): void {
    this.#response.write(encodeRecord(this.#codec.encodeEvent(event)));
  }

  end(): void {
    this.#response.end();
  }
}
