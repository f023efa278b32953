import http from 'node:http';
import https from 'node:https';
import type { TlsOptions } from './tls.ts';

export interface HttpTimes {
  /** Milliseconds for the TCP (and TLS) connection. */
  connectMs: number;
  /** Milliseconds until the headers of an answer arrive. */
  answerMs: number;
}

interface Post {
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  /** Ends the request, and the answer while it arrives. */
  signal?: AbortSignal;
}

/** ms after which an idle connection is closed: a master or a proxy that closes it first would cut the next request. */
const IDLE_MS = 4000;

/**
 * Connections to a master, kept open between requests. Made with Node's own client: other ones need several MB of memory, and
 * a framework waits most of its time.
 */
export class MasterClient {
  readonly #agent: http.Agent;
  readonly #master: URL;
  readonly #times: HttpTimes;
  readonly #bodyMs: number;

  /**
   * @param bodyMs ms between two pieces of an answer; 0: any
   * @param connections how many there are at most
   */
  constructor(
    master: URL,
    times: HttpTimes,
    tls: TlsOptions | undefined,
    { bodyMs, connections }: { bodyMs: number; connections: number },
  ) {
    const options = { keepAlive: true, maxSockets: connections, timeout: IDLE_MS };
    this.#agent = master.protocol === 'https:' ? new https.Agent({ ...options, ...tls }) : new http.Agent(options);
    this.#master = master;
    this.#times = times;
    this.#bodyMs = bodyMs;
  }

  /** @returns the answer, whose body is still to be read @throws an error of the system, or a time limit as a sentence */
  post({ path, headers, body, signal }: Post): Promise<http.IncomingMessage> {
    const { protocol, hostname, port } = this.#master;
    const send = protocol === 'https:' ? https.request : http.request;
    return new Promise((resolve, reject) => {
      const request = send({
        agent: this.#agent,
        method: 'POST',
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        path,
        headers: { ...headers, 'Content-Length': body.length },
      });
      // Node's own `signal` also raises an error on a connection that nobody listens to any more.
      const end = (): void => void request.destroy();
      if (signal?.aborted) end();
      signal?.addEventListener('abort', end, { once: true });
      const within = (ms: number, sentence: string) => setTimeout(() => request.destroy(new Error(sentence)), ms);
      let limit: NodeJS.Timeout | undefined;
      request.once('socket', (socket) => {
        const connected = (): void => {
          clearTimeout(limit);
          limit = within(this.#times.answerMs, 'it did not answer within the time limit');
        };
        if (!socket.connecting) connected();
        else {
          limit = within(this.#times.connectMs, 'it did not accept a connection within the time limit');
          socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', connected);
        }
      });
      request.once('response', (answer) => {
        clearTimeout(limit);
        const stopped = (): void => void answer.destroy(new Error('its answer stopped before its end'));
        // 0 is no limit; it also takes the place of the limit of idle connections.
        request.setTimeout(this.#bodyMs, stopped);
        // Whoever reads it gets the error. When nobody reads at this moment, it must not end the process.
        answer.on('error', () => undefined);
        resolve(answer);
      });
      request.once('close', () => {
        clearTimeout(limit);
        signal?.removeEventListener('abort', end);
        // Of an answer that switches to another protocol Node tells nothing else. After an answer or an error it does nothing.
        reject(new Error('it closed the connection without an answer'));
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  /** Closes the connections, whatever goes on. */
  destroy(): void {
    this.#agent.destroy();
  }
}
