import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { RunPage } from '../../../validation/server/api.ts';
import { loadPage } from '../../../validation/server/page-files.ts';
import { apiPath, parseRoute, pathOf, setRoot } from '../../../validation/web/routes.ts';
import { ProxyOfPath } from './path-proxy.ts';
import { endedRun } from './sample-runs.ts';
import { Serving } from './serving.ts';

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
    proxy = new ProxyOfPath(() => serving.port, strips);
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

  it('stays unchanged without one', () => {
    expect(loadPage('', join(serving.dir, 'nothing'))).toBeUndefined();
    expect(pathOf(['runs'])).toBe('/runs');
  });
});
