import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Codec } from '../../../framework/mesos/codec.ts';
import type { Call, Event } from '../../../framework/mesos/messages.ts';
import { encodeRecord } from '../../../framework/mesos/recordio.ts';

/** One request as it came over the wire. */
export interface Request {
  /** Counts the connections of this master from 0. */
  connection: number;
  line: string;
  /** Names as they were written. */
  headers: Record<string, string>;
  body: Buffer;
  socket: Socket;
}

/** What a test makes of a request; the master itself decides nothing. */
export type Script = (request: Request) => void;

/**
 * A server that speaks to the framework in the very bytes a test gives it: the recorded answers of real masters, and
 * the broken ones that no real master would send on demand.
 */
export class ScriptedMaster {
  readonly requests: Request[] = [];
  script: Script;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  constructor(script: Script, tls?: TlsOptions) {
    this.script = script;
    const onSocket = (socket: Socket): void => this.#serve(socket);
    this.#server = tls ? createTlsServer(tls, onSocket) : createServer(onSocket);
    this.#server.on('tlsClientError', () => undefined);
  }

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
    return this;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Requests whose call, in the given encoding, is of this type. */
  ofType(codec: Codec, type: string): Request[] {
    return this.requests.filter(({ body }) => codec.decodeCall(body).type === type);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    const connection = this.#connections;
    this.#connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let held = Buffer.alloc(0);
    socket.on('data', (piece: Buffer) => {
      held = Buffer.concat([held, piece]);
      for (;;) {
        const end = held.indexOf('\r\n\r\n');
        if (end < 0) return;
        const [line = '', ...lines] = held.subarray(0, end).toString().split('\r\n');
        const headers = Object.fromEntries(lines.map((one) => one.split(/: */, 2) as [string, string]));
        const length = Number(
          Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0,
        );
        if (held.length < end + 4 + length) return;
        const body = held.subarray(end + 4, end + 4 + length);
        held = held.subarray(end + 4 + length);
        const request = { connection, line, headers, body, socket };
        this.requests.push(request);
        this.script(request);
      }
    });
  }
}

export const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n';

export function streamHead(codec: Codec, streamId: string): string {
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nMesos-Stream-Id: ${streamId}\r\nContent-Type: ${codec.contentType}\r\n\r\n`;
}

export const LAST_CHUNK = '0\r\n\r\n';

export function chunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
}

export function eventChunk(codec: Codec, event: Event): Buffer {
  return chunk(encodeRecord(codec.encodeEvent(event)));
}

export function subscribed(frameworkId: string, heartbeatSeconds = 15): Event {
  return {
    type: 'SUBSCRIBED',
    subscribed: { framework_id: { value: frameworkId }, heartbeat_interval_seconds: heartbeatSeconds },
  };
}

/** An answer as recorded: the head, and the body in one chunk where the head says that it is chunked. */
export function recordedAnswer(recorded: Buffer): Buffer {
  const head = recorded.subarray(0, recorded.indexOf('\r\n\r\n') + 4);
  const body = recorded.subarray(head.length);
  return head.includes('chunked') ? Buffer.concat([head, chunk(body), Buffer.from(LAST_CHUNK)]) : recorded;
}

/** A script that subscribes everybody, each time with a new stream, and accepts all calls. */
export function willing(codec: Codec, onSubscribe?: (request: Request, streamId: string) => void): Script {
  let streams = 0;
  return (request) => {
    const call: Call = codec.decodeCall(request.body);
    if (call.type === 'SUBSCRIBE') {
      streams += 1;
      const streamId = `stream-${streams}`;
      request.socket.write(streamHead(codec, streamId));
      request.socket.write(eventChunk(codec, subscribed(call.framework_id?.value ?? 'fw-1')));
      onSubscribe?.(request, streamId);
    } else {
      request.socket.write(call.type === 'UPDATE_FRAMEWORK' ? ACCEPTED.replace('202 Accepted', '200 OK') : ACCEPTED);
    }
  };
}
