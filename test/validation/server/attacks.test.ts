import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunDir } from '../../../validation/runs/store/store.ts';
import type { Startables } from '../../../validation/server/api.ts';
import { endedRun, finding, writeLog } from './sample-runs.ts';
import { Serving, until } from './serving.ts';

const TOKEN = 'a-token-of-this-test-0123456789';
const SECRET = 'what nobody may see';
const MARKUP = '<script>alert(1)</script><img src=x onerror="alert(2)">';

let serving: Serving;
let run: RunDir;
beforeAll(async () => {
  serving = new Serving();
  run = await endedRun(serving.runs, 'r1', 'failed', [finding(MARKUP)]);
  writeLog(run, 'sim0001', 1, 'logs/evil.html', MARKUP);
  writeFileSync(join(serving.dir, 'secret'), SECRET);
  const attempt = run.attemptDir('sim0001', 1);
  symlinkSync(join(serving.dir, 'secret'), join(attempt, 'logs', 'link.log'));
  symlinkSync(serving.dir, join(attempt, 'logs', 'directory'));
  symlinkSync('/etc', join(run.path, 'steps', 'sim0001', '2'));
  execFileSync('mkfifo', [join(attempt, 'logs', 'fifo.log')]);
  symlinkSync(run.path, join(serving.runs, 'linked-run'));
  mkdirSync(join(serving.dir, 'inputs'));
  writeFileSync(join(serving.dir, 'outside.jdl'), SECRET);
  symlinkSync(join(serving.dir, 'outside.jdl'), join(serving.dir, 'inputs', 'link.jdl'));
  writeFileSync(join(serving.dir, 'inputs', 'good.jdl'), 'good');
  execFileSync('mkfifo', [join(serving.dir, 'inputs', 'pipe.jdl')]);
  mkdirSync(join(serving.dir, 'inputs', 'directory.jdl'));
  writeFileSync(join(serving.dir, 'inputs', 'directory.jdl', 'a\n<b>\u202e.yaml'), 'good');
  symlinkSync('.', join(serving.dir, 'inputs', 'loop'));
  // It replaces relval, and starts nothing.
  const command = join(serving.dir, 'command.sh');
  writeFileSync(command, '#!/bin/sh\necho \'{"id": "r1"}\'\n');
  chmodSync(command, 0o755);
  await serving.start({
    token: TOKEN,
    inputs: [join(serving.dir, 'inputs')],
    settings: ['Allowed'],
    command: [command],
    allowedHosts: ['Validation.Example.org'],
  });
});
afterAll(() => serving.close());

describe('paths that lead elsewhere', () => {
  const log = '/api/v1/runs/r1/steps/sim0001/log?stream=';
  const traversals = [
    '/api/v1/runs/../../../etc/passwd',
    '/api/v1/runs/..%2f..%2f..%2fetc%2fpasswd',
    '/api/v1/runs/%2e%2e',
    '/api/v1/runs/%2e%2e%2f%2e%2e/steps',
    '/api/v1/runs/.',
    '/api/v1/runs/r1%00',
    '/api/v1/runs/linked-run',
    '/api/v1/runs/r1/steps/..%2f..%2f..%2fsecret/log',
    '/api/v1/runs/r1/steps/%2e%2e/log',
    '/api/v1/runs/r1/steps/sim0001%2f../log',
    '/api/v1/runs/r1/steps/constructor/log',
    '/api/v1/runs/r1/steps/__proto__',
    `${log}../../../../secret`,
    `${log}..%2f..%2f..%2f..%2f..%2fsecret`,
    `${log}%252e%252e%252f%252e%252e%252fsecret`,
    `${log}/etc/passwd`,
    `${log}logs/../../../../../secret`,
    `${log}logs//evil.html`,
    `${log}logs/./evil.html`,
    `${log}..\\..\\secret`,
    `${log}logs/evil.html%00.log`,
    `${log}logs/link.log`,
    `${log}logs/directory/secret`,
    `${log}logs/fifo.log`,
    `${log}logs`,
    `${log}stdout&attempt=2`,
    '/api/v1/runs/r1/steps/sim0001/log?attempt=2&stream=passwd',
    '/api/v1/runs/r1/steps/sim0001/2/passwd',
    '/api/v1/runs/r1/steps/sim0001/1/..%2f..%2f..%2f..%2f..%2fsecret',
    '/api/v1/runs/r1/steps/sim0001/1/logs/link.log',
    '/api/v1/runs/r1/report/..%2frun.json',
    '/api/v1/runs/r1/report/../run.json',
    '/api/v1/runs/r1/report/constructor',
    '/assets/../../../package.json',
    '/assets/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
  ];
  it.each(traversals)('%s', async (path) => {
    const { status, body } = await serving.raw(path);
    expect([400, 404, 503]).toContain(path.startsWith('/api') || path.startsWith('/assets') ? status : 404);
    expect(body).not.toContain(SECRET);
    expect(body).not.toContain('root:');
    expect(body).not.toContain('"private"');
  });

  it('a link that is put in the place of a log between two requests', async () => {
    const path = writeLog(run, 'sim0001', 1, 'logs/swapped.log', 'mine\n');
    const get = () => serving.raw(`/api/v1/runs/r1/steps/sim0001/log?stream=logs/swapped.log`);
    expect((await get()).body).toBe('mine\n');
    symlinkSync(join(serving.dir, 'secret'), `${path}.new`);
    renameSync(`${path}.new`, path);
    expect(await get()).toMatchObject({ status: 404, body: expect.not.stringContaining(SECRET) });
  });
});

describe('requests of other sites', () => {
  const post = (headers: Record<string, string>, path = 'runs/r1/stop', body = '{}') =>
    serving.raw(`/api/v1/${path}`, { 'content-type': 'application/json', ...headers }, 'POST', body);
  const bearer = { authorization: `Bearer ${TOKEN}` };

  it('DNS rebinding: only our own names are answered', async () => {
    const hosts: [string, number][] = [
      [`127.0.0.1:${serving.port}`, 200],
      [`localhost:${serving.port}`, 200],
      ['[::1]:80', 200],
      ['VALIDATION.example.org', 200],
      ['evil.example.com', 421],
      ['localhost.evil.example.com', 421],
      ['127.0.0.1.evil.example.com', 421],
      ['10.0.0.1', 421],
      ['0.0.0.0', 421],
      ['localhost@evil.example.com', 421],
      [':80', 421],
    ];
    for (const [host, status] of hosts) {
      expect([host, (await serving.raw('/api/v1/runs', { host })).status]).toEqual([host, status]);
      expect([host, await serving.upgrade('/api/v1/events', { host })]).toEqual([host, status === 200 ? 101 : status]);
    }
  });

  it("CSRF: requests that change something need the token, JSON, and the server's own origin", async () => {
    expect((await post({})).status).toBe(401);
    expect((await post({ authorization: 'Bearer wrong-wrong-wrong-wrong' })).status).toBe(401);
    expect((await post({ authorization: `Basic ${TOKEN}` })).status).toBe(401);
    expect((await post({ cookie: `token=${TOKEN}` })).status).toBe(401);
    expect((await post({ ...bearer, origin: 'https://evil.example.com' })).status).toBe(403);
    expect((await post({ ...bearer, origin: 'null' })).status).toBe(403);
    expect((await post({ ...bearer, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await post({ ...bearer, 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' })).status).toBe(403);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      expect((await post({ ...bearer, 'content-type': type }, 'runs/r1/accept', '{"note":"x"}')).status).toBe(415);
    }
    const good = await post({ ...bearer, origin: serving.url });
    expect([good.status, good.body]).toEqual([400, expect.stringContaining('r1 does not run')]);
  });

  it('read-only requests of other sites are refused too, but links from them work', async () => {
    const ask = async (headers: Record<string, string>) => (await serving.raw('/api/v1/runs/r1', headers)).status;
    expect(await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(403);
    expect(await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
    expect(await ask({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' })).toBe(200);
  });

  it('a WebSocket of another site is not opened', async () => {
    const events = '/api/v1/events';
    expect(await serving.upgrade(events, { origin: 'https://evil.example.com' })).toBe(403);
    expect(await serving.upgrade(events, { origin: 'null' })).toBe(403);
    expect(await serving.upgrade(events, { origin: `http://127.0.0.1:${serving.port + 1}` })).toBe(403);
    expect(await serving.upgrade(events, { origin: serving.url })).toBe(101);
    expect(await serving.upgrade('/api/v1/runs/r1/steps/%2e%2e/log/follow')).toBe(404);
    expect(await serving.upgrade('/api/v1/runs/r1/steps/%zz/log/follow')).toBe(400);
    expect(await serving.upgrade('/api/v1/runs/r1/steps/sim0001/log/follow?stream=../../../secret')).toBe(404);
    expect(await serving.upgrade('/anything')).toBe(404);
  });

  it('runs are started only from the directories of inputs, and no value becomes a flag', async () => {
    const start = (body: object) => post(bearer, 'runs', JSON.stringify(body));
    for (const input of [
      'outside.jdl',
      'inputs/../outside.jdl',
      'inputs/link.jdl',
      'inputs',
      'inputs/pipe.jdl',
      'inputs/directory.jdl',
      'inputs/good.jdl/',
      'nothing.jdl',
      'inputs-of-others/x',
    ]) {
      expect([input, (await start({ input: join(serving.dir, input), local: true })).status]).toEqual([input, 403]);
    }
    expect((await start({ input: '/etc/passwd' })).status).toBe(403);
    const good = join(serving.dir, 'inputs', 'good.jdl');
    expect((await start({ input: good, exec: 'sh' })).status).toBe(400);
    expect((await start({ input: good, set: 'A=1' })).status).toBe(400);
    expect((await start({ input: good, from: '../x' })).status).toBe(404);
    expect((await start({ input: good, workflow: join(serving.dir, 'outside.jdl') })).status).toBe(403);
    const answer = await start({ input: good, name: '--catalog=evil:1', set: ['NumJobs=--local'], local: true });
    expect([answer.status, answer.body]).toEqual([202, '{"run":"r1"}']);
  });

  it('keys that run commands, and values that a shell would read, are refused unless they are allowed', async () => {
    const start = (set: string, setAppend: string[] = []) => {
      const input = join(serving.dir, 'inputs', 'good.jdl');
      return post(bearer, 'runs', JSON.stringify({ input, set: [set], setAppend, local: true }));
    };
    for (const set of [
      'Executable=/bin/sh',
      'Executable_override=/bin/sh',
      'Executable_override_append_override=/bin/sh',
      'SplitArguments=x',
      'EnvironmentCommand=x',
      'InputFile={ "/etc/passwd" }',
      'OutputDir=/etc',
      'JDLVariables={ "PATH" }',
      'NumJobs=$(id)',
      'NumJobs=`id`',
      'NumJobs=1; id',
      'NumJobs=1\nid',
      'NumJobs={ "$(id)" }',
      'Packages={ "x" } ; id',
      'NumJobs_replace={ "(a+)+$", "x" }',
    ]) {
      const { status, body } = await start(set);
      expect([set, status], body).toEqual([set, 403]);
      expect(body).toContain('relval serve --settings');
    }
    expect((await start('NumJobs')).status).toBe(400);
    expect((await start('A=1', ['Arguments=$(id)'])).status).toBe(403);
    const withArgument = (arg: string) =>
      post(bearer, 'runs', JSON.stringify({ input: join(serving.dir, 'inputs', 'good.jdl'), arg: [arg], local: true }));
    for (const arg of ['$(id)', '1; id', '1\nid', '1\n'])
      expect([arg, (await withArgument(arg)).status]).toEqual([arg, 403]);
    expect((await withArgument('244411')).status).toBe(202);
    for (const set of [
      'NumJobs=10',
      'Packages={ "VO_ALICE@AliPhysics::v5-10-02-01-1" }',
      'Split=production:1-5',
      'Allowed=$(id)',
    ]) {
      const { status, body } = await start(set);
      expect([set, status], body).toEqual([set, 202]);
    }
  });

  it('of what lies below the inputs only files are offered, by names of any form', async () => {
    const answer = await (await serving.get('/api/v1/startables')).json();
    const { inputs, more } = answer as Startables;
    const names = inputs.map((path) => path.slice(join(serving.dir, 'inputs/').length));
    expect([names, more]).toEqual([['directory.jdl/a\n<b>\u202e.yaml', 'good.jdl'], false]);
  });

  it('steps to retry and exceptions are only what they are said to be', async () => {
    const bodies = {
      retry: [
        {},
        [],
        null,
        'sim0001',
        { steps: [] },
        { steps: ['--runs=/etc'] },
        { steps: ['-h'] },
        { steps: ['a b'] },
        { steps: ['a\n'] },
        { steps: ['$(id)'] },
        { steps: [1] },
        { steps: 'sim0001' },
        { steps: ['sim0001'], failed: true },
        { failed: false },
        { steps: Array.from({ length: 10_001 }, () => 'a') },
      ],
      exception: [
        {},
        { finding: '..', reason: 'r', until: '2999-01-31' },
        { finding: 'abcd', reason: ' ', until: '2999-01-31' },
        { finding: 'abcd', reason: 'r', until: '2999-02-30' },
        { finding: 'abcd', reason: 'r', until: '2020-01-31' },
        { finding: 'abcd', reason: 'r', until: '2999-01-31', to: '/etc/passwd' },
        { finding: 'abcd', reason: { $ne: 1 }, until: '2999-01-31' },
        { finding: 'abcd', reason: 'r'.repeat(1001), until: '2999-01-31' },
      ],
    };
    for (const [action, all] of Object.entries(bodies)) {
      for (const body of all) {
        const { status } = await post(bearer, `runs/r1/${action}`, JSON.stringify(body));
        expect([action, JSON.stringify(body).slice(0, 100), [400, 403].includes(status)]).toEqual([
          action,
          JSON.stringify(body).slice(0, 100),
          true,
        ]);
      }
      for (const id of ['..%2f..', 'linked-run', 'nothing'])
        expect((await post(bearer, `runs/${id}/${action}`, '{"failed":true}')).status).not.toBe(202);
    }
    const twice = 'finding=abcd&finding=abce&reason=r&until=2999-01-31';
    expect((await serving.get(`/api/v1/runs/r1/exception?${twice}`)).status).toBe(400);
    expect((await post(bearer, 'runs', JSON.stringify({ nightly: 'x', input: 'y' }))).status).toBe(400);
    expect((await post(bearer, 'runs', JSON.stringify({ nightly: '--help' }))).status).toBe(403);
  });

  it('without a token nothing can be changed at all', async () => {
    const other = new Serving();
    await other.start();
    const headers = { 'content-type': 'application/json', authorization: 'Bearer undefined' };
    expect((await other.raw('/api/v1/runs', headers, 'POST', '{}')).status).toBe(403);
    await other.close();
  });
});

describe('content of logs and reports', () => {
  it('is never anything that a browser would run', async () => {
    for (const path of ['steps/sim0001/log?stream=logs/evil.html', 'steps/sim0001/1/logs/evil.html']) {
      const { headers } = await serving.raw(`/api/v1/runs/r1/${path}`, { accept: 'text/html' });
      expect(headers['content-type']).toBe('text/plain; charset=utf-8');
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['content-security-policy']).toMatch(/default-src 'none'; sandbox;/);
    }
    const report = await serving.raw('/api/v1/runs/r1/report/index.html');
    expect(report.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(report.headers['content-security-policy']).toMatch(/default-src 'none'; sandbox;.*frame-ancestors 'none'/);
    expect(report.headers['content-security-policy']).not.toMatch(/script-src|allow-/);
    expect(report.body).not.toContain('<script>alert');
    const step = await serving.raw('/api/v1/runs/r1/steps/sim0001');
    expect(step.headers['content-type']).toMatch(/^application\/json/);
  });

  it('every answer forbids frames, sniffing and content from other sites; also errors', async () => {
    for (const path of ['/api/v1/runs', '/api/v1/runs/none', '/nothing', '/metrics', '/api/v1/runs?limit=x', '/%zz']) {
      const { headers } = await serving.raw(path);
      expect([path, headers['x-content-type-options'], headers['x-frame-options']]).toEqual([path, 'nosniff', 'DENY']);
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'/);
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });
});

describe('input that is too large, too slow or malformed', () => {
  it('is refused, and the next request is served', async () => {
    const long = 'x'.repeat(20_000);
    expect((await serving.raw(`/api/v1/runs?search=${long}`)).status).toBe(431);
    expect((await serving.raw('/api/v1/runs', { 'x-long': long })).status).toBe(431);
    expect((await serving.raw(`/api/v1/runs?search=${'x'.repeat(300)}`)).status).toBe(400);
    expect((await serving.raw('/api/v1/runs?limit=1&limit=2')).status).toBe(400);
    expect((await serving.raw('/api/v1/runs?limit=1e9')).status).toBe(400);
    expect((await serving.raw('/api/v1/runs?limit=-1')).status).toBe(400);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
    const big = JSON.stringify({ note: 'x'.repeat(100_000) });
    expect((await serving.raw('/api/v1/runs/r1/accept', headers, 'POST', big)).status).toBe(413);
    expect((await serving.raw('/api/v1/runs/r1/accept', headers, 'POST', '{"note":')).status).toBe(400);
    const polluting = '{"__proto__":{"note":"x"},"note":"x"}';
    expect((await serving.raw('/api/v1/runs/r1/accept', headers, 'POST', polluting)).status).toBe(400);
    expect((await serving.raw('/api/v1/runs', {}, 'DELETE')).status).toBe(404);
    expect((await serving.raw('/api/v1/runs')).status).toBe(200);
  });

  it('a client that opens WebSockets without end loses his own, also behind a proxy, and gets new ones when they close', async () => {
    const events = '/api/v1/events';
    const greedy = { 'x-forwarded-for': '192.0.2.7, 203.0.113.1' };
    const all = await Promise.all(Array.from({ length: 210 }, () => serving.upgrade(events, greedy)));
    expect(all.filter((status) => status === 101)).toHaveLength(200);
    expect(new Set(all)).toEqual(new Set([101, 429]));
    expect(await serving.upgrade(events, { 'x-forwarded-for': '203.0.113.1, 192.0.2.7' })).toBe(101);
    expect(await serving.upgrade(events)).toBe(101);
    for (const socket of serving.sockets.splice(0)) socket.terminate();
    await until('a place', async () => (await serving.upgrade(events, greedy)) === 101);
  });

  it('a WebSocket that sends too much is closed', async () => {
    const { socket, closed } = serving.socket('events');
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('x'.repeat(100_000));
    expect(await closed).toBe(1009);
  });

  it('a second request that is smuggled into the first is not served', async () => {
    const socket = connect(serving.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.write(
      `POST /api/v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/server HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once('close', resolve));
    expect(text).toMatch(/^HTTP\/1.1 400/);
    expect(text).not.toContain('"version"');
  });
});
