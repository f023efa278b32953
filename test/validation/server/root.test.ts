import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RunPage } from '../../../validation/server/api.ts';
import { loadPage } from '../../../validation/server/page-files.ts';
import { apiPath, parseRoute, pathOf, setRoot } from '../../../validation/web/routes.ts';
import { endedRun } from './sample-runs.ts';
import { Serving } from './serving.ts';

/** A proxy that makes a server known below `/sub/`, as nginx's `proxy_pass` does with a path and without one. */
class ProxyOfPath {
  readonly #server: Server;

  constructor(port: number, strips: boolean) {
    const to = (url = '/') => ({ host: '127.0.0.1', port, path: strips ? url.slice('/sub'.length) : url });
    this.#server = createServer((request, response) => {
      if (!request.url?.startsWith('/sub/')) {
        response.writeHead(404).end();
        return;
      }
      const { method, headers } = request;
      const onward = httpRequest({ ...to(request.url), method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    this.#server.on('upgrade', ({ url, headers }, client) => {
      const onward = httpRequest({ ...to(url), headers });
      onward.on('upgrade', (answer, server) => {
        const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
        client.pipe(server).pipe(client);
        client.on('error', () => server.destroy());
        server.on('error', () => client.destroy());
      });
      onward.on('response', () => client.destroy());
      onward.end();
    });
  }

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let serving: Serving;
let proxy: ProxyOfPath | undefined;
beforeEach(async () => {
  serving = new Serving();
  const page = join(serving.dir, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(
    join(page, 'index.html'),
    '<html>\n  <head>\n  <script type="module" src="/assets/a-12345678.js"></script>\n</head><a href="#top">x</a>',
  );
  writeFileSync(join(page, 'assets', 'a-12345678.js'), 'export {}');
  await endedRun(serving.runs, 'r1', 'passed', []);
  await serving.start({ root: '/sub', page });
});
afterEach(async () => {
  proxy?.close();
  await serving.close();
});

describe('a server below a path', () => {
  it.each([
    ['takes the path away', true],
    ['leaves the path as it is', false],
  ])('is whole behind a proxy that %s', async (_what, strips) => {
    proxy = new ProxyOfPath(serving.port, strips);
    const address = await proxy.start();
    for (const path of ['/sub/', '/sub/runs/r1']) {
      const html = await (await fetch(`http://${address}${path}`)).text();
      expect(html).toContain('src="/sub/assets/a-12345678.js"');
      expect(html).toContain('<meta name="root" content="/sub" />');
      expect(html).toContain('href="#top"');
    }
    expect((await fetch(`http://${address}/sub/assets/a-12345678.js`)).status).toBe(200);
    const { runs } = (await (await fetch(`http://${address}/sub/api/v1/runs`)).json()) as RunPage;
    expect(runs.map(({ id }) => id)).toEqual(['r1']);
    const socket = new WebSocket(`ws://${address}/sub/api/v1/events?run=r1&offset=0`);
    serving.sockets.push(socket);
    const [first] = await once(socket, 'message');
    expect(JSON.parse(String(first))).toHaveProperty('type');
  });

  it('also answers at its own address', async () => {
    expect((await serving.get('/api/v1/runs')).status).toBe(200);
    expect((await serving.get('/sub?x=1')).status).toBe(200);
    expect((await serving.get('/subway/api/v1/runs')).headers.get('content-type')).toContain('text/html');
  });
});

describe('the page below a path', () => {
  afterEach(() => setRoot(''));

  it('makes and reads addresses below it', () => {
    setRoot('/sub');
    expect(pathOf([])).toBe('/sub/');
    expect(pathOf(['runs', 'a b'])).toBe('/sub/runs/a%20b');
    expect(apiPath(['runs'])).toBe('/sub/api/v1/runs');
    expect(parseRoute('/sub/')).toEqual({ view: 'runs' });
    expect(parseRoute('/sub/runs/r1')).toEqual({ view: 'run', run: 'r1' });
  });

  it('stays as it is where there is none', () => {
    expect(loadPage('', join(serving.dir, 'nothing'))).toBeUndefined();
    expect(pathOf(['runs'])).toBe('/runs');
  });
});
