import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CatalogError, fetchCatalog, parseCatalog } from '../../../framework/workqueue/catalog.ts';
import { HttpAnswer } from '../../../framework/workqueue/http-answer.ts';
import { answering, catalogAnswer, firstRow, freePort, listen, recording } from './peers.ts';

const timeoutMs = 30_000;

function bodyOf(name: string): Buffer {
  const answer = new HttpAnswer();
  answer.push(recording(name));
  return answer.finish().body;
}

describe('parseCatalog', () => {
  it('reads recorded catalogs and drops the rows of makeflows', () => {
    expect(parseCatalog(bodyOf('catalog_query_0managers.json.http'))).toEqual([]);
    expect(parseCatalog(recording('catalog_query_1manager_waiting.json'))).toMatchObject([
      { project: 'one.proj-1', address: '127.0.0.1', port: 1025, lastHeardFrom: 1795346226000, tasksWaiting: 4 },
    ]);
    expect(parseCatalog(bodyOf('catalog_query_3managers.json.http'))).toHaveLength(4);
    expect(parseCatalog(bodyOf('HEAD_catalog_query_1manager.json.http'))).toMatchObject([
      { project: 'headproj', protocol: 11, priority: 0 },
    ]);
  });

  it('is not blinded by a row that is no JSON', () => {
    const good = JSON.stringify({ ...firstRow('queue_status_waiting.json'), address: '10.0.0.1', project: 'good' });
    const found = parseCatalog(Buffer.from(`[\n{"project":nan},\n${good},\n${good}\n]\n`));
    expect(found.map(({ project }) => project)).toEqual(['good', 'good']);
  });

  it('repairs names', () => {
    const row = JSON.stringify({ ...firstRow('queue_status_waiting.json'), address: '10.0.0.1', project: 'X' });
    const [found] = parseCatalog(
      Buffer.from(`[\n${row.replace('"X"', String.raw`"it\'s \uffffffc3\uffffffa9"`)}\n]\n`),
    );
    expect(found?.project).toBe("it's é");
  });

  it('refuses what is no list', () => {
    for (const body of ['', '{}', 'Not found', '[{"a":1}']) {
      expect(() => parseCatalog(Buffer.from(body))).toThrow(CatalogError);
    }
  });
});

describe('fetchCatalog', () => {
  it('reads an answer with bare newlines that ends by closing, in small pieces', async () => {
    const answer = recording('catalog_query_3managers.json.http');
    const catalog = await listen((socket) => {
      let at = 0;
      const timer = setInterval(() => {
        socket.write(answer.subarray(at, at + 700));
        at += 700;
        if (at >= answer.length) {
          clearInterval(timer);
          socket.end();
        }
      }, 1);
    });
    expect((await fetchCatalog({ ...catalog, timeoutMs })).rows).toHaveLength(4);
  });

  it("reads a proxy's chunked answer, although the connection stays open", async () => {
    const row = { ...firstRow('queue_status_waiting.json'), address: '10.0.0.1' };
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`);
      response.shouldKeepAlive = true;
      response.write('[\n');
      setTimeout(() => response.end(`${JSON.stringify(row)}\n]\n`), 10);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const { rows } = await fetchCatalog({ host: '127.0.0.1', port, timeoutMs });
    expect(rows).toMatchObject([{ project: 'one.proj-1' }]);
    const [, query] = /^GET \/query\/(.+)$/.exec(requests[0] ?? '') ?? [];
    expect(Buffer.from(query ?? '', 'base64').toString()).toBe('type=="wq_master"||type=="wq_manager"');
  });

  it('gives up on a catalog that hangs or drips, and says which one', async () => {
    const hanging = await listen(() => {});
    await expect(fetchCatalog({ ...hanging, timeoutMs: 100 })).rejects.toThrow(
      `catalog 127.0.0.1:${hanging.port} did not answer completely within 100 ms`,
    );
    const dripping = await listen((socket) => {
      const timer = setInterval(() => socket.write('H'), 5);
      socket.on('close', () => clearInterval(timer));
    });
    await expect(fetchCatalog({ ...dripping, timeoutMs: 100 })).rejects.toThrow(CatalogError);
    expect(dripping.accepted()).toBe(1);
  });

  it('says what is wrong with a catalog that is none', async () => {
    const ask = async (answer: string) => fetchCatalog({ ...(await listen(answering(() => answer))), timeoutMs });
    await expect(ask('HTTP/1.1 404 Not Found\n\nno')).rejects.toThrow(/answers with HTTP status 404/);
    await expect(ask('SSH-2.0-OpenSSH\r\n\r\n')).rejects.toThrow(/sends not an HTTP answer/);
    await expect(ask('HTTP/1.1 200 OK\n\n<html>')).rejects.toThrow(/does not answer with a list of records/);
    await expect(ask('')).rejects.toThrow(/sends an empty answer/);
    await expect(fetchCatalog({ host: '127.0.0.1', port: await freePort(), timeoutMs })).rejects.toThrow(
      /refuses connections/,
    );
    await expect(fetchCatalog({ host: 'no.such.host.invalid', port: 9097, timeoutMs })).rejects.toThrow(
      /cannot be reached/,
    );
  });

  it('refuses an answer without end', async () => {
    const block = Buffer.alloc(1 << 20, 0x20);
    const endless = await listen((socket) => {
      socket.write(catalogAnswer([]).slice(0, -3));
      const pour = () => {
        while (!socket.destroyed && socket.write(block));
      };
      socket.on('drain', pour);
      pour();
    });
    await expect(fetchCatalog({ ...endless, timeoutMs: 60_000 })).rejects.toThrow(/sent more than/);
  });

  it('closes its connection at once when it is stopped', async () => {
    const hanging = await listen(() => {});
    const stop = new AbortController();
    const asking = fetchCatalog({ ...hanging, timeoutMs, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await expect(asking).rejects.toThrow(/the framework stop/);
    await expect(fetchCatalog({ ...hanging, timeoutMs, signal: stop.signal })).rejects.toThrow(/the framework stop/);
  });
});
