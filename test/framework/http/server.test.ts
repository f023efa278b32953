import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardedServer } from '../../../framework/http/server.ts';

let server: Server;
let sockets: Socket[] = [];

beforeEach(async () => {
  server = guardedServer({
    names: (path) => (path === '/open' ? 'any' : new Set()),
    advice: 'give it a name',
    listener: (_request, response, url) => void response.end(`path ${url.pathname}`),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

interface Client {
  socket: Socket;
  /** All that was answered, once the server has closed the connection. */
  answer: Promise<string>;
}

function client(text: string): Client {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  sockets.push(socket);
  let got = '';
  socket.setEncoding('latin1').on('data', (part) => {
    got += part;
  });
  // A server that is through with a client may reset the connection.
  socket.on('error', () => undefined);
  const answer = new Promise<string>((resolve) => socket.once('close', () => resolve(got)));
  socket.write(text);
  return { socket, answer };
}

const OURS = 'Host: 127.0.0.1\r\nConnection: close\r\n';
const statusOf = async ({ answer }: Client) => Number((await answer).split(' ')[1]);

describe('a server of ours', () => {
  it('answers a usual request', async () => {
    expect(await client(`GET /x HTTP/1.1\r\n${OURS}\r\n`).answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*path \/x/);
  });

  it('refuses strange names with a sentence that says what to do, closes, and lets nothing be kept', async () => {
    const answer = await client('GET /x HTTP/1.1\r\nHost: evil.example.org\r\n\r\n').answer;
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
    expect(answer).toContain('this server does not answer to that host name (give it a name)\n');
    expect(answer).toMatch(/^Cache-Control: no-store\r$/m);
    expect(answer).toMatch(/^X-Content-Type-Options: nosniff\r$/m);
    expect(await statusOf(client('GET /open HTTP/1.1\r\nHost: any.example.org\r\nConnection: close\r\n\r\n'))).toBe(
      200,
    );
    expect(await statusOf(client('GET /open HTTP/1.0\r\n\r\n'))).toBe(200);
    expect(await statusOf(client('GET /x HTTP/1.0\r\n\r\n'))).toBe(421);
  });

  it.each([
    ['an address of another server', `GET http://evil.example.org/x HTTP/1.1\r\n${OURS}\r\n`, 400],
    ['an address of its own, as to a proxy', `GET http://127.0.0.1/x HTTP/1.1\r\n${OURS}\r\n`, 400],
    ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${OURS}\r\n`, 400],
    ['a second slash', `GET // HTTP/1.1\r\n${OURS}\r\n`, 200],
    ['headers without end', `GET /x HTTP/1.1\r\n${OURS}X: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a path without end', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${OURS}\r\n`, 431],
    ['no HTTP at all', 'SSH-2.0-x\r\n\r\n', 400],
    [
      'two ways to say how long the body is',
      `POST /x HTTP/1.1\r\n${OURS}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    [
      'a WebSocket, which it does not speak',
      `GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
      200,
    ],
    [
      'a WebSocket of another site',
      `GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      403,
    ],
  ])('survives %s', async (_, text, status) => {
    expect(await statusOf(client(text))).toBe(status);
    expect(await statusOf(client(`GET /x HTTP/1.1\r\n${OURS}\r\n`))).toBe(200);
  });

  it('is no tunnel', async () => {
    expect(await client(`CONNECT 127.0.0.1:22 HTTP/1.1\r\n${OURS}\r\n`).answer).toBe('');
  });

  it('cuts off who sends nothing, or never comes to an end', async () => {
    const silent = client('');
    const slow = client('GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const drip = setInterval(() => slow.socket.write('X: y\r\n'), 500);
    try {
      await silent.answer;
      expect(await statusOf(slow)).toBe(408);
    } finally {
      clearInterval(drip);
    }
  });

  it('lets nobody take all its connections', async () => {
    const first = client('GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    for (let count = 0; count < 300; count++) client('');
    expect(await first.answer).toBe('');
    expect(await statusOf(client(`GET /x HTTP/1.1\r\n${OURS}\r\n`))).toBe(200);
  });
});
