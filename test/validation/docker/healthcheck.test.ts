import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startCatalog } from '../../framework/workqueue/tools.ts';

const CHECK = join(import.meta.dirname, '../../../docker/relval/healthcheck.mjs');

function check(url: string): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, RELVAL_HEALTH_URL: url };
    execFile(process.execPath, [CHECK], { env }, (error, _stdout, said) => {
      resolve({ code: error ? Number(error.code) : 0, said });
    });
  });
}

async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;
}

it('finds a real catalog server healthy, whose headers are not quite those of HTTP', async () => {
  const { port } = await startCatalog();
  expect(await check(`http://127.0.0.1:${port}/query.json`)).toEqual({ code: 0, said: '' });
  expect(await check(`http://127.0.0.1:${port}/nothing`)).toMatchObject({ code: 1 });
});

it('says what a service that is not well says of itself', async () => {
  expect(await check(await answering((_request, response) => void response.end('ok')))).toEqual({ code: 0, said: '' });
  const url = await answering((_request, response) => void response.writeHead(503).end('no master'));
  expect(await check(url)).toEqual({ code: 1, said: `${url}: status 503: no master\n` });
});

it('finds one that does not answer, or is not there, unwell', async () => {
  expect((await check(await answering(() => undefined))).said).toContain('no answer within 5 s');
  expect((await check('http://127.0.0.1:1/')).said).toContain('ECONNREFUSED');
});

it('finds what is no service healthy', async () => {
  expect(await check('')).toEqual({ code: 0, said: '' });
});
