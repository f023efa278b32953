import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { PRIVATE_HEADERS } from '../http/server.ts';
import type { Codec } from '../mesos/codec.ts';
import type { Event } from '../mesos/messages.ts';
import { encodeRecord } from '../mesos/recordio.ts';
import type { Switches } from './faults.ts';
import type { EventStream } from './memory.ts';

/** The endless answer to a SUBSCRIBE: one HTTP chunk per record. */
export class HttpEventStream implements EventStream {
  readonly id = randomUUID();
  readonly #response: ServerResponse;
  readonly #codec: Codec;
  readonly #switches: Switches;
  #heldUntil = 0;

  constructor(response: ServerResponse, codec: Codec, switches: Switches) {
    this.#response = response;
    this.#codec = codec;
    this.#switches = switches;
    response.writeHead(200, { ...PRIVATE_HEADERS, 'Mesos-Stream-Id': this.id, 'Content-Type': codec.contentType });
    response.flushHeaders();
  }

  send(event: Event): void {
    if (event.type === 'HEARTBEAT' && this.#switches.heartbeatsStopped) return;
    const record = encodeRecord(this.#codec.encodeEvent(event));
    this.#inOrder(() => this.#response.write(record));
  }

  end(): void {
    this.#inOrder(() => this.#response.end());
  }

  /** Breaks the connection without the last chunk, as a master that dies does. */
  cut(): void {
    this.#response.destroy();
  }

  /** Delayed events stay in order, also when the delay becomes shorter. */
  #inOrder(action: () => void): void {
    const now = performance.now();
    this.#heldUntil = Math.max(this.#heldUntil, now + this.#switches.delay);
    if (this.#heldUntil <= now) action();
    else setTimeout(action, this.#heldUntil - now);
  }
}
