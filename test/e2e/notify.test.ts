import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebhookBody } from '../../validation/notify/deliveries.ts';
import { Relval, ROOT } from './relval.ts';

const DICE = join(ROOT, 'makeflows', 'examples', 'dice', 'workflow.yaml');
let relval: Relval;
let got: WebhookBody[];
let hook: Server;
let silent: ReturnType<typeof createTcpServer>;

beforeEach(async () => {
  relval = new Relval();
  got = [];
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      got.push(JSON.parse(body));
      response.end();
    });
  });
  silent = createTcpServer((socket) => void socket.on('error', () => {}).resume());
  await Promise.all([hook, silent].map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))));
  const [open, closed] = [hook, silent].map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  writeFileSync(
    join(relval.dir, 'relval.yaml'),
    `local: true
notify:
  totalSeconds: 2
  channels:
    - type: webhook
      name: good
      url: ${open}
      events: [started, finished]
    - type: webhook
      name: silent
      url: ${closed}
      events: [started, finished]
`,
  );
});
afterEach(async () => {
  relval.remove();
  await Promise.all([hook, silent].map((server) => new Promise((done) => server.close(done))));
});

describe('a run tells of itself', () => {
  it('when it starts and when it has ended; a receiver that does not answer costs no verdict and little time', async () => {
    const { code, stderr } = await relval.run('run', DICE);
    expect(code, stderr).toBe(0);
    expect(got.map(({ event }) => event)).toEqual(['started', 'finished']);
    expect(got[1]?.report).toMatchObject({ verdict: 'passed', run: got[0]?.run });
    expect(stderr).toContain('warning: channel silent could not be notified: the receiver did not answer within 2 s');
    const { directory, status } = await relval.onlyRun();
    expect(status).toBe('passed');
    const events = readFileSync(join(directory, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(
      events.filter(({ type }) => type === 'notified').map(({ channel, event, outcome }) => [channel, event, outcome]),
    ).toEqual(
      expect.arrayContaining([
        ['good', 'started', 'sent'],
        ['good', 'finished', 'sent'],
        ['silent', 'started', 'failed'],
        ['silent', 'finished', 'failed'],
      ]),
    );
  });

  it('only on paper with --notify-dry-run', async () => {
    const { code, stderr } = await relval.run('run', DICE, '--notify-dry-run');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^started:\n== good\nPOST: http/m);
    expect(stderr).toMatch(/^finished:\n== good\nPOST: http/m);
    expect(got).toEqual([]);
  });
});
