import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { type RunsServer, type ServerOptions, startServer } from '../../../validation/server/server.ts';

/** A server with its own directory of runs, used as a client uses it; `close` removes everything. */
export class Serving {
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), 'server-test-')));
  readonly runs = join(this.dir, 'runs');
  readonly sockets: WebSocket[] = [];
  #server: RunsServer | undefined;

  async start(options: Partial<ServerOptions> = {}): Promise<void> {
    this.#server = await startServer({
      runs: this.runs,
      host: '127.0.0.1',
      port: 0,
      token: undefined,
      inputs: [],
      settings: [],
      frameworks: [],
      root: '',
      allowedHosts: [],
      ...options,
    });
  }

  get url(): string {
    if (!this.#server) throw new Error('it is not started');
    return this.#server.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.url}${path}`, init);
  }

  /** The JSON below `/api/v1`. @throws when the status is not 200 */
  async api<T>(path: string): Promise<T> {
    const answer = await this.get(`/api/v1/${path}`);
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  /** A request with unchanged path and headers, which `fetch` does not allow. */
  raw(
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
    body = '',
  ): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port: this.port, path, method, headers, agent: false },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
        },
      );
      request.once('error', reject);
      request.end(body);
    });
  }

  /** A WebSocket below `/api/v1` with all its messages. */
  socket<T>(
    path: string,
    headers: Record<string, string> = {},
  ): { socket: WebSocket; said: T[]; closed: Promise<number> } {
    const socket = new WebSocket(`${this.url.replace('http', 'ws')}/api/v1/${path}`, { headers });
    this.sockets.push(socket);
    const said: T[] = [];
    socket.on('message', (data) => said.push(JSON.parse(String(data)) as T));
    socket.on('error', () => undefined);
    return { socket, said, closed: new Promise((resolve) => socket.once('close', resolve)) };
  }

  /** The status with which a WebSocket is refused; 101 if it is accepted. */
  upgrade(path: string, headers: Record<string, string> = {}): Promise<number> {
    return new Promise((resolve) => {
      const socket = new WebSocket(`${this.url.replace('http', 'ws')}${path}`, { headers });
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('open', () => resolve(101));
      socket.once('unexpected-response', (request, answer) => {
        resolve(answer.statusCode ?? 0);
        request.destroy();
      });
    });
  }

  async stop(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.splice(0)) socket.terminate();
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Waits until a condition is true. @throws when it is not true within `seconds` */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 60,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
