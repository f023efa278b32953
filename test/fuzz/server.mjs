// Throws REST, WebSockets, Ranges and directories of hostile runs at a real server (`relval serve`), and looks on from
// another address whether it goes on to answer: no crash, no internal error, no answer that takes another client more than
// a second, nothing from outside of a run. Ends with status 1 when it found something. The same seed makes the same runs
// and requests; their order in time is that of the machine.
// Usage: npm run fuzz:server -- --minutes N --seed S
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { WebSocket } from 'ws';
import { FINGERPRINT, makeHostileRun, makeRun, pick, randomOf, spoilHistory } from './hostile-runs.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string', default: '1' } },
});
const [MINUTES, SEED] = [Number(values.minutes), Number(values.seed)];
const CLI = join(import.meta.dirname, '..', '..', 'dist', 'validation', 'cli', 'main.js');
const SECRET = 'what-nobody-may-see-7163';
const TOKEN = 'a-token-of-the-fuzzer-0123456789';
const ATTACKERS = 12;
/** For an answer. */
const PATIENCE_MS = 20_000;
const HOSTILE = 30;
const ATTACKER = '127.0.0.1';

const dir = mkdtempSync(join(tmpdir(), 'fuzz-server-'));
const runs = join(dir, 'runs');
const outside = { secret: join(dir, 'secret'), secretDir: join(dir, 'secret-directory') };
/** @type {Map<string, number>} */
const found = new Map();
const counts = { requests: 0, sockets: 0, runs: 0, looks: 0 };
let slowest = 0;
let over = false;

/** @param {string} what */
function finding(what) {
  if (!found.has(what)) console.error(`FOUND ${what}`);
  found.set(what, (found.get(what) ?? 0) + 1);
}

mkdirSync(runs, { recursive: true });
mkdirSync(outside.secretDir);
writeFileSync(outside.secret, `${SECRET}\n`);
for (const name of ['stdout.log', 'report.json', 'rec.log', SECRET])
  writeFileSync(join(outside.secretDir, name), `${SECRET}\n`);
writeFileSync(join(dir, 'token'), TOKEN);
mkdirSync(join(dir, 'inputs'));
writeFileSync(join(dir, 'inputs', 'evil.jdl'), 'Executable = "/bin/false";\n');
execFileSync('mkfifo', [join(dir, 'inputs', 'pipe.jdl')]);
symlinkSync('/etc/passwd', join(dir, 'inputs', 'link.jdl'));
writeFileSync(
  join(dir, 'nightlies.yaml'),
  'nightlies: { night: { at: "03:00", timeZone: UTC, run: inputs/evil.jdl, local: true, runs: elsewhere } }\n',
);
makeRun(runs, 'good', { lines: 200_000, name: 'quiet' });
makeRun(runs, 'good2', { lines: 100_000, name: 'quiet' });

const flags = {
  '--listen': '127.0.0.1:0',
  '--runs': runs,
  '--token-file': join(dir, 'token'),
  '--inputs': join(dir, 'inputs'),
  '--nightlies': join(dir, 'nightlies.yaml'),
  '--exceptions': join(dir, 'exceptions.yaml'),
};
const child = spawn(process.execPath, [CLI, 'serve', '--no-config', ...Object.entries(flags).flat()], {
  cwd: dir,
  stdio: ['ignore', 'pipe', 'pipe'],
});
child.once('exit', (code, signal) => {
  if (!over) finding(`the server ended with ${code ?? signal}`);
  over = true;
});
child.stderr.on('data', (text) => {
  const [line = ''] = String(text).trim().split('\n');
  if (!over) finding(`the server said: ${line.replace(/[0-9a-f]{6,}|\d+/g, 'N').slice(0, 300)}`);
});
const [line] = await once(child.stdout, 'data');
const port = Number(new URL(/http:\/\/\S+/.exec(String(line))?.[0] ?? '').port);
const end = Date.now() + MINUTES * 60_000;
/** @type {Promise<unknown>[]} */
const work = Array.from({ length: ATTACKERS }, (_, n) => attack(randomOf(SEED * 1000 + n)));
work.push(renew(randomOf(SEED * 1000 + 999)), lookOn());
await Promise.all(work);
over = true;
child.kill('SIGTERM');
const gone = await Promise.race([
  once(child, 'exit'),
  new Promise((resolve) => setTimeout(() => resolve('no'), 10_000)),
]);
if (gone === 'no') {
  finding('the server does not end by SIGTERM');
  child.kill('SIGKILL');
}
rmSync(dir, { recursive: true, force: true });
console.log(
  `${MINUTES} min, seed ${SEED}: ${counts.requests} requests, ${counts.sockets} WebSockets, ${counts.runs} hostile runs, ` +
    `${counts.looks} looks of another client (the slowest took ${Math.round(slowest)} ms of the server's)`,
);
for (const [what, times] of found) console.log(`${times} times: ${what}`);
console.log(found.size === 0 ? 'nothing found' : `${found.size} findings`);
process.exit(found.size === 0 ? 0 : 1);

/** Makes hostile runs in the places of others. @param {import('./hostile-runs.mjs').Random} random */
async function renew(random) {
  for (let n = 0; Date.now() < end && !over; n++) {
    makeHostileRun(runs, `evil${n % HOSTILE}`, random, outside);
    counts.runs++;
    if (n % 10 === 0) spoilHistory(runs, random, outside);
    await new Promise((resolve) => setTimeout(resolve, n < HOSTILE ? 0 : 300));
  }
}

/** Looks on from another address. */
function lookOn() {
  const worker = new Worker(join(import.meta.dirname, 'onlooker.mjs'), { workerData: { port, pid: child.pid, end } });
  worker.on('message', (/** @type {import('./onlooker.mjs').Told} */ told) => {
    if ('finding' in told) finding(told.finding);
    else ({ looks: counts.looks, slowest } = told);
  });
  return once(worker, 'exit');
}

/** @param {import('./hostile-runs.mjs').Random} random */
async function attack(random) {
  while (Date.now() < end && !over) {
    const kind = random(10);
    try {
      if (kind === 0) await socket(random);
      else if (kind === 1) await garbage(random);
      else {
        counts.requests++;
        const asked = { path: pathOf(random), ...manner(random) };
        const { status, text } = await ask(port, asked.path, { from: ATTACKER, ...asked });
        if (text.includes(SECRET) || text.includes('root:x:0:0')) finding('something from outside of a run is shown');
        if (status === 500) finding(`internal error for ${asked.path.replace(/\d+/g, 'N')}: ${text.slice(0, 200)}`);
      }
    } catch (error) {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      if (code === 'ECONNREFUSED') await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** @param {import('./hostile-runs.mjs').Random} random */
function pathOf(random) {
  const run = pick(random, [
    ...Array.from({ length: HOSTILE }, (_, n) => `evil${n}`),
    'good',
    '..',
    '%2e%2e',
    'x',
    '%00',
  ]);
  const step = pick(random, ['sim0001', 's1', '__proto__', '..%2f..', 'constructor', '', '%ff']);
  const stream = pick(random, [
    'stdout',
    'stderr',
    'logs/rec.log',
    'logs',
    '../../../../secret',
    'logs/../../../../../../secret',
    'result.json',
    '/etc/passwd',
    'stdout.log.times',
  ]);
  const number = pick(random, [
    '0',
    '1',
    '-1',
    '-100',
    '1e9',
    '9007199254740991',
    'NaN',
    '',
    '99999999999999999999',
    '7',
  ]);
  const word = pick(random, ['line', '(a%2B)%2B$', '(.*)*x', '%00', '[', 'x'.repeat(900), '(%3F=(.%2B))%5C1%2B$']);
  const log = `/api/v1/runs/${run}/steps/${step}/log`;
  return pick(random, [
    `/api/v1/runs?limit=${number}&search=${word}&before=${number},x&status=${word}`,
    `/api/v1/runs/${run}`,
    `/api/v1/runs/${run}/steps?limit=20000&offset=${number}&search=${word}`,
    `/api/v1/runs/${run}/steps/${step}`,
    `/api/v1/runs/${run}/graph.svg?collapse=${pick(random, ['auto', 'none', 'stages', 'x'])}`,
    `/api/v1/runs/${run}/graph.svg?collapse=none`,
    `/api/v1/runs/${run}/timeline`,
    `/api/v1/runs/${run}/critical-path`,
    `/api/v1/runs/${run}/report/histograms.ndjson`,
    `/api/v1/runs/${run}/exception?finding=${pick(random, [FINGERPRINT, 'abcd', ''])}&reason=${word}&until=${pick(random, ['2999-01-01', '0000-00-00', '+033658-01-01'])}`,
    `${log}/groups?stream=${stream}&after=${number},${number}`,
    `${log}/groups`,
    `${log}-diff?stream=${stream}&reference=good2&after=${number},${number},${number},${number}`,
    `${log}-diff?reference=${pick(random, ['good', 'evil1', 'evil2', '..', ''])}&exact=${random(2)}`,
    `${log}-diff`,
    `/api/v1/workflows?last=${pick(random, ['30', '365', number])}`,
    `/api/v1/workflows/${pick(random, ['fuzz', 'mc', '__proto__', '%1b%5d0%3bx%07', '..%2f..'])}/history?last=${pick(random, ['365', number])}&format=${pick(random, ['json', 'csv', 'x'])}`,
    `/api/v1/workflows/mc/history?since=${pick(random, ['2029-01-01', '2029-02-30', '+033658-01-01', word])}&release=${pick(random, ['v*', '*'.repeat(190), word.slice(0, 190)])}&format=csv`,
    '/api/v1/startables',
    `/api/v1/runs/${run}/report?format=${pick(random, ['json', 'junit', 'text', 'html'])}`,
    `/api/v1/runs/${run}/report/${pick(random, ['index.html', 'report.json', '..%2frun.json', '__proto__'])}`,
    `${log}?stream=${stream}&attempt=${number}`,
    `${log}?stream=${stream}&offset=${number}&limit=${number}`,
    `${log}?stream=${stream}&line=${number}&lines=${number}`,
    `${log}/search?stream=${stream}&q=${word}&regex=1&after=${number}`,
    `${log}/search?stream=${stream}&q=${word}`,
    `/api/v1/runs/${run}/steps/${step}/1/${stream}`,
    `/api/v1/diff?a=${run}&b=good`,
    `/api/v1/history?limit=${number}`,
    '/api/v1/cluster',
    '/metrics',
    `/${word}`,
    `/assets/..%2f..%2f${stream}`,
  ]);
}

/** @param {import('./hostile-runs.mjs').Random} random */
function manner(random) {
  if (random(10) === 0) return change(random);
  const range = pick(random, [
    'bytes=0-',
    'bytes=-1',
    'bytes=5-1',
    'bytes=0-0',
    'bytes=4294967296-',
    'bytes=0-1,2-3',
    'x',
    'bytes=--1',
    'bytes=999999999999999-',
  ]);
  /** @type {Record<string, string>} */
  const headers = random(3) === 0 ? { range } : {};
  if (random(3) === 0) headers['accept-encoding'] = pick(random, ['br', 'gzip', 'identity', '*;q=0', 'x']);
  if (random(8) === 0) headers.authorization = pick(random, [`Bearer ${TOKEN}`, 'Bearer x', 'Basic x']);
  if (random(20) === 0) headers.host = pick(random, ['evil.example', 'localhost', '[::1]:80', '127.0.0.1:1']);
  return { headers, hangUp: random(5) === 0 };
}

/** A request that changes something. None of them starts a run: each has a mistake. @param {import('./hostile-runs.mjs').Random} random */
function change(random) {
  const input = join(dir, 'inputs', pick(random, ['evil.jdl', '../secret', 'none.jdl', 'pipe.jdl', 'link.jdl', '']));
  const set = [pick(random, ['x', 'Executable=/bin/sh', 'Split=$(id)', '--local', 'TTL=`id`', '__proto__=1'])];
  const run = pick(random, [...Array.from({ length: HOSTILE }, (_, n) => `evil${n}`), 'good', '..', '%2e%2e']);
  const until = pick(random, ['2999-01-01', '2029-02-30', '0000-00-00', 'x']);
  const asked = pick(random, [
    ['runs', '{'],
    ['runs', '[]'],
    ['runs', '"x"'],
    ['runs', 'x'.repeat(70_000)],
    ['runs', `${'{"input":'.repeat(6000)}1${'}'.repeat(6000)}`],
    ['runs', '{"__proto__":{"token":"x"},"input":1}'],
    ['runs', JSON.stringify({ input, set })],
    ['runs', JSON.stringify({ input, arg: ['$(id)'], name: '--runs=/' })],
    ['runs', JSON.stringify({ input, startAt: '\u001b[2J\n--local', from: run })],
    ['runs', JSON.stringify({ nightly: pick(random, ['night', '../night', '__proto__', '--any-time']) })],
    [`runs/${run}/exception`, JSON.stringify({ finding: FINGERPRINT, reason: '\u001b[2J *a &b', owner: '#', until })],
    [`runs/${run}/accept`, JSON.stringify({ note: '\u001b[2J\nx', by: '=1+1' })],
    [`runs/${run}/retry`, JSON.stringify({ steps: [pick(random, ['--force', '../x', 'none', '$(id)'])] })],
    [`runs/${run}/stop`, ''],
  ]);
  const [path = '', body = ''] = asked;
  const headers = {
    'content-type': random(8) === 0 ? 'text/plain' : 'application/json',
    ...(random(8) > 0 && { authorization: random(8) === 0 ? 'Bearer x' : `Bearer ${TOKEN}` }),
  };
  const method = random(8) === 0 ? pick(random, ['PUT', 'DELETE', 'HEAD', 'OPTIONS']) : 'POST';
  return { path: `/api/v1/${path}`, method, headers, body };
}

/**
 * @param {number} to @param {string} path
 * @param {{from: string, method?: string, headers?: Record<string, string>, body?: string, hangUp?: boolean}} options
 * @returns {Promise<{status: number, text: string}>} the first megabyte of the answer; status 0: there was none
 */
function ask(to, path, { from, method = 'GET', headers = {}, body = '', hangUp = false }) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      own.destroy();
      resolve({ status: 0, text: '' });
    }, PATIENCE_MS);
    const own = request(
      { host: '127.0.0.1', port: to, path, method, headers, localAddress: from, agent: false },
      (answer) => {
        let text = '';
        const done = () => {
          clearTimeout(timer);
          resolve({ status: answer.statusCode ?? 0, text });
        };
        answer.setEncoding('latin1').on('data', (chunk) => {
          text += chunk;
          if (text.length > 2 ** 20 || hangUp) {
            own.destroy();
            done();
          }
        });
        answer.on('end', done).on('close', done);
      },
    );
    own.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    own.end(body);
    if (hangUp) setTimeout(() => own.destroy(), 5);
  });
}

/** @param {import('./hostile-runs.mjs').Random} random */
async function socket(random) {
  counts.sockets++;
  const run = `evil${random(HOSTILE)}`;
  const path = pick(random, [
    '/api/v1/events',
    `/api/v1/events?run=${run}&offset=${pick(random, ['0', '-1', '7', 'x'])}`,
    `/api/v1/runs/${run}/steps/sim0001/log/follow?stream=${pick(random, ['stdout', 'logs/rec.log', '../../secret'])}&offset=${random(100)}`,
    '/api/v1/nothing',
    '/',
  ]);
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { localAddress: ATTACKER });
  client.on('error', () => undefined);
  client.on('message', (data) => {
    if (String(data).includes(SECRET)) finding('something from outside of a run is shown to a WebSocket');
  });
  client.on('open', () => client.send(pick(random, ['x', '{}', 'x'.repeat(2000), Buffer.alloc(10)])));
  await new Promise((resolve) => setTimeout(resolve, random(300)));
  if (random(2) === 0) client.terminate();
  else client.close();
}

/** Bytes that are no HTTP, or the beginning of it. @param {import('./hostile-runs.mjs').Random} random */
async function garbage(random) {
  const text = pick(random, [
    'GET / HTTP/1.1\r\n',
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999\r\n\r\n',
    'GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    'POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffff\r\n',
    '\x16\x03\x01\x02\x00\x01\x00',
  ]);
  const client = connect({ port, host: '127.0.0.1', localAddress: ATTACKER });
  client.on('error', () => undefined);
  client.write(text);
  await new Promise((resolve) => setTimeout(resolve, random(100)));
  client.destroy();
}
