import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pauseAfter } from '../../../validation/notify/attempts.ts';
import { type Notified, planNotifications, sendNotifications } from '../../../validation/notify/notify.ts';
import { retryAfter } from '../../../validation/notify/send-http.ts';
import { notifySection } from '../../../validation/notify/settings.ts';
import { makeCertificates } from './certificates.ts';
import { occasion, report } from './occasion.ts';

tmp.setGracefulCleanup();
const SECRET = 'sEcr3t/to+ken';
let dir: tmp.DirResult;
let tls: ReturnType<typeof makeCertificates>;
const open: Server[] = [];

beforeAll(() => {
  dir = tmp.dirSync({ unsafeCleanup: true });
  tls = makeCertificates(dir.name);
  writeFileSync(file('token'), `${SECRET}\n`);
});
afterEach(async () => {
  for (const server of open.splice(0)) {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(() => dir.removeCallback());

function file(name: string): string {
  return join(dir.name, name);
}

interface Got {
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

async function listen(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A server with a list of answers: one for each request, and the last one for all later requests. */
async function serve(...answers: ((response: ServerResponse) => void)[]): Promise<{ url: string; got: Got[] }> {
  const { listener, got } = recorder(answers);
  return { url: `http://127.0.0.1:${await listen(createServer(listener))}/hook`, got };
}

function recorder(answers: ((response: ServerResponse) => void)[]): { listener: RequestListener; got: Got[] } {
  const got: Got[] = [];
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      got.push({ url: request.url ?? '', headers: request.headers, body });
      answers[Math.min(got.length, answers.length) - 1]?.(response);
    });
  };
  return { listener, got };
}

function status(code: number, headers: Record<string, string> = {}, body = ''): (response: ServerResponse) => void {
  return (response) => void response.writeHead(code, headers).end(body);
}

const OK = status(200, {}, 'ok');

async function send(channel: object, limits: object = {}, about = occasion()): Promise<Notified[]> {
  const settings = notifySection.parse({
    channels: [channel],
    attempts: 3,
    requestSeconds: 60,
    totalSeconds: 90,
    ...limits,
  });
  const told: Notified[] = [];
  await sendNotifications(settings, planNotifications(settings, about), (one) => told.push(one), 0.01);
  return told;
}

function hook(url: string, more: object = {}): object {
  return { type: 'webhook', url, tokenFile: file('token'), ...more };
}

describe('a webhook', () => {
  it('gets the report as JSON, with the token', async () => {
    const { url, got } = await serve(OK);
    expect(await send(hook(url))).toEqual([{ channel: 'webhook', outcome: 'sent', attempts: 1 }]);
    expect(got[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      authorization: `Bearer ${SECRET}`,
      'idempotency-key': 'nightly-20290615-080000.finished',
    });
    expect(JSON.parse(got[0]?.body ?? '').report).toEqual(report());
  });

  it('that is not there is tried again, and then given up', async () => {
    const port = await listen(createTcpServer());
    await new Promise((resolve) => open.pop()?.close(resolve));
    const [told] = await send(hook(`http://127.0.0.1:${port}/`));
    expect(told).toMatchObject({ outcome: 'failed', attempts: 3, message: expect.stringContaining('ECONNREFUSED') });
  });

  it('that fails once is tried again, with the same key', async () => {
    const { url, got } = await serve(status(500), (response) => response.destroy(), OK);
    expect(await send(hook(url))).toEqual([{ channel: 'webhook', outcome: 'sent', attempts: 3 }]);
    expect(new Set(got.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it('that asks to wait is waited for, if there is time', async () => {
    const { url } = await serve(status(429, { 'retry-after': '1' }), OK);
    const start = Date.now();
    expect(await send(hook(url))).toMatchObject([{ outcome: 'sent', attempts: 2 }]);
    expect(Date.now() - start).toBeGreaterThanOrEqual(990);

    const patient = await serve(status(503, { 'retry-after': '3600' }), OK);
    expect(await send(hook(patient.url), { totalSeconds: 5 })).toEqual([
      {
        channel: 'webhook',
        outcome: 'failed',
        attempts: 1,
        message: 'HTTP 503, and the receiver asks to wait 3600 s; there is no time for that',
      },
    ]);
    expect(patient.got).toHaveLength(1);
  });

  it.each([401, 403, 404, 400, 413])('that refuses with %i is not asked again', async (code) => {
    const { url, got } = await serve(status(code, {}, 'go\r\naway\u001b[31m'));
    expect(await send(hook(url))).toEqual([
      { channel: 'webhook', outcome: 'failed', attempts: 1, message: `HTTP ${code}: go away [31m` },
    ]);
    expect(got).toHaveLength(1);
  });

  it('that repeats the token in its answer does not bring it into the records', async () => {
    const basic = Buffer.from(SECRET).toString('base64');
    const { url } = await serve(status(401, {}, `bad token ${SECRET} (${basic}, ${encodeURIComponent(SECRET)})`));
    expect((await send(hook(url)))[0]?.message).toBe('HTTP 401: bad token *** (***, ***)');
  });

  it('that redirects gets no token elsewhere', async () => {
    const other = await serve(OK);
    const { url } = await serve(status(307, { location: `${other.url}?with=${SECRET}` }));
    const [told] = await send(hook(url));
    expect(told).toMatchObject({
      outcome: 'failed',
      attempts: 1,
      message: expect.stringMatching(/^HTTP 307: redirected to http:\/\/127\.0\.0\.1:\d+\. Configure/),
    });
    expect(other.got).toEqual([]);
  });

  it('that hangs, trickles, or speaks no HTTP is given up in time', async () => {
    const hang = await serve(() => {});
    expect(await send(hook(hang.url), { attempts: 2, requestSeconds: 0.5 })).toMatchObject([
      { outcome: 'failed', attempts: 2, message: 'the receiver did not answer within 1 s' },
    ]);

    const trickle = await serve((response) => void response.writeHead(500).write('so '));
    expect((await send(hook(trickle.url), { attempts: 1, requestSeconds: 0.5 }))[0]?.outcome).toBe('failed');

    const garbage = createTcpServer((socket) => {
      socket.on('error', () => {});
      socket.resume().end('220 not HTTP at all\r\n');
    });
    const port = await listen(garbage);
    expect(await send(hook(`http://127.0.0.1:${port}/`))).toMatchObject([{ outcome: 'failed', attempts: 3 }]);
  });

  it('never costs more time than is allowed for all', async () => {
    const { url } = await serve(() => {});
    const start = Date.now();
    const [told] = await send(hook(url), { attempts: 10, requestSeconds: 300, totalSeconds: 1 });
    expect(told?.outcome).toBe('failed');
    expect(Date.now() - start).toBeLessThan(60_000);
  });

  it('with a certificate of an authority of one’s own', async () => {
    const { listener, got } = recorder([OK]);
    const server = createTlsServer({ key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, listener);
    const url = `https://127.0.0.1:${await listen(server)}/`;
    expect(await send(hook(url))).toMatchObject([
      { outcome: 'failed', attempts: 1, message: expect.stringMatching(/certificate/i) },
    ]);
    expect(got).toEqual([]);
    expect(await send(hook(url, { caFile: tls.ca }))).toMatchObject([{ outcome: 'sent' }]);
  });

  it('whose secret is missing is reported, and nothing is sent', async () => {
    const { url, got } = await serve(OK);
    const [told] = await send({ type: 'webhook', url, tokenFile: file('nowhere') });
    expect(told).toMatchObject({ outcome: 'failed', message: `${file('nowhere')} cannot be read: ENOENT` });
    const [other] = await send({ type: 'webhook', url, tokenEnv: 'RELVAL_TEST_NOT_SET' });
    expect(other?.message).toBe('$RELVAL_TEST_NOT_SET contains no secret');
    expect(got).toEqual([]);
  });
});

describe('Mattermost and Slack', () => {
  it('are sent {text} to the secret address, which no message shows', async () => {
    const { url, got } = await serve(status(404, {}, 'no hook /hook/T0/B0/xyz'), OK);
    writeFileSync(file('url'), `${url}/T0/B0/xyz\n`);
    expect(await send({ type: 'slack', urlFile: file('url') })).toEqual([
      { channel: 'slack', outcome: 'failed', attempts: 1, message: 'HTTP 404: no hook ***' },
    ]);
    expect(await send({ type: 'mattermost', urlFile: file('url'), channel: 'shift' })).toMatchObject([
      { outcome: 'sent' },
    ]);
    expect(got[1]?.url).toBe('/hook/T0/B0/xyz');
    expect(JSON.parse(got[1]?.body ?? '')).toEqual({
      channel: 'shift',
      text: expect.stringMatching(/^\*\*FAILED\*\* nightly/),
    });
  });
});

describe('JIRA', () => {
  it('gets watchers and a comment, signed in with a password; one failing watcher does not keep the comment back', async () => {
    const { url, got } = await serve(
      status(400, {}, '{"errorMessages":["no user x"]}'),
      status(204),
      status(201, {}, '{}'),
    );
    const base = url.replace('/hook', '/jira');
    const channel = {
      type: 'jira',
      url: base,
      issue: 'REL-7',
      user: 'bot',
      passwordFile: file('token'),
      watchers: ['x', 'alice'],
      events: ['started'],
    };
    expect(await send(channel, {}, occasion({ event: 'started' }))).toEqual([
      { channel: 'jira', outcome: 'failed', attempts: 3, message: 'HTTP 400: {"errorMessages":["no user x"]}' },
    ]);
    expect(got.map((one) => [one.url, JSON.parse(one.body)])).toEqual([
      ['/jira/rest/api/2/issue/REL-7/watchers', 'x'],
      ['/jira/rest/api/2/issue/REL-7/watchers', 'alice'],
      ['/jira/rest/api/2/issue/REL-7/comment', { body: expect.stringContaining('*Started* nightly') }],
    ]);
    expect(got[0]?.headers.authorization).toBe(`Basic ${Buffer.from(`bot:${SECRET}`).toString('base64')}`);
  });
});

describe('pauses', () => {
  it('double, are as long as was asked for, and differ a little', () => {
    const patience = { pauseSeconds: 1 };
    expect([1, 2, 3].map((tried) => pauseAfter(tried, {}, patience, 0))).toEqual([1, 2, 4]);
    expect(pauseAfter(1, { after: 30 }, patience, 0)).toBe(30);
    expect(pauseAfter(1, {}, patience, 1)).toBe(1.25);
  });

  it('Retry-After is a number of seconds or a date', () => {
    const now = Date.parse('2029-06-15T08:00:00Z');
    expect(retryAfter('120', now)).toBe(120);
    expect(retryAfter('Fri, 15 Jun 2029 08:00:10 GMT', now)).toBe(10);
    expect(retryAfter('Fri, 15 Jun 2029 07:00:00 GMT', now)).toBe(0);
    expect(retryAfter('soon', now)).toBeUndefined();
    expect(retryAfter(undefined, now)).toBeUndefined();
  });
});
