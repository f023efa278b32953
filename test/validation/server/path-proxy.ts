import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A proxy that makes a server known below `/sub/`, as nginx's `proxy_pass` does with a path and without one. It passes on Host
 * without the port, as nginx's `$host`.
 */
export class ProxyOfPath {
  readonly #server: Server;

  /** @param port of the server, which may start after the proxy */
  constructor(port: () => number, strips: boolean) {
    const to = (url = '/') => ({ host: '127.0.0.1', port: port(), path: strips ? url.slice('/sub'.length) : url });
    this.#server = createServer((request, response) => {
      if (!request.url?.startsWith('/sub/')) {
        response.writeHead(404).end();
        return;
      }
      const { method } = request;
      const headers = withoutPort(request.headers);
      const onward = httpRequest({ ...to(request.url), method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    this.#server.on('upgrade', ({ url, headers }, client) => {
      const onward = httpRequest({ ...to(url), headers: withoutPort(headers) });
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

function withoutPort(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return { ...headers, host: headers.host?.replace(/:\d+$/, '') };
}
