import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import tmp from 'tmp';
import { request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { outgoingAgent } from '../../../validation/net/agent.ts';
import { makeCertificates } from '../notify/certificates.ts';

tmp.setGracefulCleanup();
const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A proxy that answers for every http address, and leads every https address to a port of this machine. */
async function startProxy(tlsPort = 0): Promise<{ address: string; asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(({ method, url, headers }, response) => {
    asked.push([method, url, headers['proxy-authorization']].filter(Boolean).join(' '));
    response.end('by the proxy');
  });
  server.on('connect', ({ url }, client: Socket) => {
    asked.push(`CONNECT ${url}`);
    const onward = connect(tlsPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(client).pipe(onward);
    });
    for (const socket of [client, onward]) sockets.add(socket.on('error', () => socket.destroy()));
  });
  server.on('close', () => {
    for (const socket of sockets) socket.destroy();
  });
  return { address: `127.0.0.1:${await listen(server)}`, asked };
}

async function ask(url: string, env: Record<string, string>, ca?: string): Promise<string> {
  const dispatcher = outgoingAgent(ca, env);
  try {
    const answer = await request(url, { method: 'POST', body: '{}', dispatcher });
    return await answer.body.text();
  } finally {
    await dispatcher.destroy();
  }
}

describe('requests to other machines', () => {
  it('go through the proxy of the environment, with or without a scheme in its address', async () => {
    const { address, asked } = await startProxy();
    expect(await ask('http://hooks.invalid/x', { http_proxy: `http://${address}` })).toBe('by the proxy');
    expect(await ask('http://hooks.invalid/y?z=1', { HTTP_PROXY: address })).toBe('by the proxy');
    expect(asked).toEqual(['POST http://hooks.invalid/x', 'POST http://hooks.invalid/y?z=1']);
  });

  it('tell the proxy who they are', async () => {
    const { address, asked } = await startProxy();
    await ask('http://hooks.invalid/x', { http_proxy: `http://me:secret@${address}` });
    expect(asked).toEqual([`POST http://hooks.invalid/x Basic ${Buffer.from('me:secret').toString('base64')}`]);
  });

  it('stay encrypted through the proxy, and the certificate is checked', async () => {
    const dir = tmp.dirSync({ unsafeCleanup: true });
    const files = makeCertificates(dir.name);
    const [ca, key, cert] = [files.ca, files.key, files.cert].map((file) => readFileSync(file, 'utf8'));
    const port = await listen(createTlsServer({ key, cert }, (_request, response) => response.end('by the server')));
    const { address, asked } = await startProxy(port);
    const env = { https_proxy: address };
    expect(await ask('https://hooks.invalid:8443/x', env, ca)).toBe('by the server');
    await expect(ask('https://hooks.invalid:8443/x', env)).rejects.toThrow();
    await expect(ask('https://other.invalid:8443/x', env, ca)).rejects.toThrow('other.invalid');
    expect(asked[0]).toBe('CONNECT hooks.invalid:8443');
  });

  it('to what no_proxy names, and to this machine, go straight there', async () => {
    const { address, asked } = await startProxy();
    const port = await listen(createServer((_request, response) => response.end('by the server')));
    expect(await ask(`http://127.0.0.1:${port}/`, { http_proxy: address })).toBe('by the server');
    expect(await ask(`http://localhost:${port}/`, { http_proxy: address })).toBe('by the server');
    const env = { http_proxy: address, no_proxy: 'other.example.org, .invalid' };
    await expect(ask('http://hooks.invalid/', env)).rejects.toThrow('ENOTFOUND');
    await expect(ask('http://hooks.invalid/', { http_proxy: address, no_proxy: '*' })).rejects.toThrow('ENOTFOUND');
    expect(asked).toEqual([]);
  });

  it('are not sent when the proxy has no address', () => {
    expect(() => outgoingAgent(undefined, { http_proxy: 'http://' })).toThrow(
      '$http_proxy is not the address of a proxy',
    );
  });
});
