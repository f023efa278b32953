import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasEnded, until } from './tools.ts';

const PROGRAM = join(import.meta.dirname, '..', '..', '..', 'dist', 'framework', 'main.js');
/** `nobody`. */
const STRANGER = '65534';
/** Reserved for documentation: it is used nowhere else. */
const ADDRESS = '192.0.2.1';

/** Why the tests cannot run here; undefined: they can. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can become a second user';
  const { status } = spawnSync('unshare', ['--net', 'ip', 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two']);
  return status === 0 ? undefined : 'no network namespaces can be made here';
}

const why = obstacle();

let dir: string;
const started: ChildProcess[] = [];
let framework: ChildProcess;
let log = '';

/** A network namespace that lives as long as the process which is returned. */
async function namespace(): Promise<number> {
  const holder = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });
  started.push(holder);
  const own = readlinkSync('/proc/self/ns/net');
  await until('a network namespace', () => readlinkSync(`/proc/${holder.pid}/ns/net`) !== own);
  return holder.pid as number;
}

const inside = (pid: number, ...command: string[]): string[] => ['--target', String(pid), '--net', ...command];

/** The namespaces of the framework, and of another machine that is connected with it. */
let here = 0;
let there = 0;

beforeAll(async () => {
  if (why !== undefined) return;
  here = await namespace();
  there = await namespace();
  execFileSync('nsenter', inside(here, ...'ip link add wire type veth peer name wire netns'.split(' '), `${there}`));
  for (const [pid, address] of [
    [here, ADDRESS],
    [there, '192.0.2.2'],
  ] as const) {
    execFileSync('nsenter', inside(pid, 'ip', 'address', 'add', `${address}/24`, 'dev', 'wire'));
    for (const link of ['wire', 'lo']) execFileSync('nsenter', inside(pid, 'ip', 'link', 'set', link, 'up'));
  }
  dir = mkdtempSync(join(tmpdir(), 'strangers-'));
  // Strangers may look into it, so that only the framework's own modes keep them out.
  chmodSync(dir, 0o755);
  const args = ['--master', 'local', '--manager', '127.0.0.1:1', '--catalog', '127.0.0.1:1', '--log-level', 'debug'];
  framework = spawn('nsenter', inside(here, process.execPath, PROGRAM, ...args), {
    cwd: dir,
    env: { ...process.env, TMPDIR: dir },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  started.push(framework);
  createInterface({ input: framework.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    log += `${line}\n`;
  });
  await until('the framework', () => log.includes('serving /healthz') && log.includes('framework subscribed'));
});
afterAll(async () => {
  for (const child of started.reverse()) {
    if (hasEnded(child)) continue;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  if (dir) rmSync(dir, { recursive: true, force: true });
});

/** Ports that anything in the framework's namespace listens on, with their addresses as `ss` prints them. */
function listeners(): { address: string; port: number }[] {
  const lines = execFileSync(
    'nsenter',
    inside(here, 'ss', '--tcp', '--udp', '--listening', '--numeric', '--no-header'),
  );
  return String(lines)
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const local = line.trim().split(/\s+/)[4] ?? '';
      const colon = local.lastIndexOf(':');
      return { address: local.slice(0, colon), port: Number(local.slice(colon + 1)) };
    });
}

interface Question {
  port: number;
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

const ASK = `
const { request } = require('node:http');
const ask = ({ host, port, method = 'GET', path, headers = {}, body }) => new Promise((resolve) => {
  const asked = request({ host, port, method, path, headers, agent: false, timeout: 5000 }, (answer) => {
    let text = '';
    answer.on('data', (part) => { text += part; });
    answer.on('end', () => resolve({ status: answer.statusCode, text }));
  });
  asked.on('timeout', () => asked.destroy(new Error('ETIMEDOUT')));
  asked.on('error', (error) => resolve({ status: error.code ?? error.message, text: '' }));
  asked.end(body);
});
Promise.all(JSON.parse(process.argv[1]).map(ask)).then((answers) => console.log(JSON.stringify(answers)));
`;

/** What a second user of this machine is answered. */
function strangerAsks(
  questions: Question[],
  host = '127.0.0.1',
  where = here,
): { status: number | string; text: string }[] {
  const text = JSON.stringify(questions.map((question) => ({ host, ...question })));
  const user = ['setpriv', '--reuid', STRANGER, '--regid', STRANGER, '--clear-groups'];
  return JSON.parse(String(execFileSync('nsenter', inside(where, ...user, process.execPath, '-e', ASK, text))));
}

/** Which of the framework's servers each port is, found by what they leave open. */
function ports(): { master: number; agent: number; ops: number } {
  const all = listeners().map(({ port }) => port);
  const [versions, healths] = ['/version', '/healthz'].map((path) => strangerAsks(all.map((port) => ({ port, path }))));
  const master = all.find((_, index) => versions?.[index]?.status === 200) ?? 0;
  const ops = all.find((_, index) => healths?.[index]?.status === 200) ?? 0;
  return { master, ops, agent: all.find((port) => port !== master && port !== ops) ?? 0 };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const SUBSCRIBE = JSON.stringify({
  type: 'SUBSCRIBE',
  subscribe: { framework_info: { user: 'root', name: 'stranger' } },
});
const LAUNCH = JSON.stringify({
  type: 'ACCEPT',
  framework_id: { value: 'any' },
  accept: {
    offer_ids: [{ value: 'any' }],
    operations: [
      {
        type: 'LAUNCH',
        launch: {
          task_infos: [
            {
              name: 'strange',
              task_id: { value: 'strange' },
              agent_id: { value: 'any' },
              resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } }],
              command: { value: 'id' },
            },
          ],
        },
      },
    ],
  },
});
const GUESS = { authorization: `Basic ${Buffer.from('local:guess').toString('base64')}` };

describe.skipIf(why !== undefined)(`--master local against strangers (${why ?? 'as root'})`, () => {
  it('listens on loopback only, and each port is one of the three that are known', () => {
    const found = listeners();
    expect(found.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
    expect(Object.values(ports()).sort()).toEqual(found.map(({ port }) => port).sort());
  });

  it('answers a second user with refusals', () => {
    const { master, agent, ops } = ports();
    const scheduler = { port: master, method: 'POST', path: '/api/v1/scheduler' };
    const files = '/files/read?path=/frameworks/f/executors/t/runs/latest/stdout&offset=0';
    const table: [string, Question, number][] = [
      ['master: health', { port: master, path: '/health' }, 200],
      ['master: version', { port: master, path: '/version' }, 200],
      ['master: redirect', { port: master, path: '/redirect' }, 307],
      ['master: state', { port: master, path: '/state' }, 401],
      ['master: state, other spelling', { port: master, path: '/master/state' }, 401],
      ['master: state, guessed', { port: master, path: '/state', headers: GUESS }, 401],
      ['master: subscribe', { ...scheduler, headers: JSON_TYPE, body: SUBSCRIBE }, 401],
      ['master: subscribe, guessed', { ...scheduler, headers: { ...JSON_TYPE, ...GUESS }, body: SUBSCRIBE }, 401],
      ['master: launch', { ...scheduler, headers: JSON_TYPE, body: LAUNCH }, 401],
      ['master: cross-site post', { ...scheduler, headers: { 'content-type': 'text/plain' }, body: SUBSCRIBE }, 401],
      ['master: anything', { port: master, path: '/quit', method: 'POST' }, 404],
      ['agent: health', { port: agent, path: '/health' }, 200],
      ['agent: state', { port: agent, path: '/state' }, 401],
      ['agent: browse', { port: agent, path: '/files/browse?path=/' }, 401],
      ['agent: read', { port: agent, path: files }, 401],
      ['agent: download', { port: agent, path: '/files/download?path=/etc/passwd' }, 401],
      ['agent: call', { port: agent, path: '/api/v1', method: 'POST', headers: JSON_TYPE, body: '{}' }, 401],
      ['agent: anything', { port: agent, path: '/nothing' }, 401],
      // Read-only, and for every user: it names projects and workers, and holds no secret.
      ['operations: health', { port: ops, path: '/healthz' }, 200],
      ['operations: metrics', { port: ops, path: '/metrics' }, 200],
      ['operations: state', { port: ops, path: '/state' }, 200],
      ['operations: change', { port: ops, path: '/state', method: 'POST' }, 405],
      ...([master, agent, ops].flatMap((port) =>
        ['/health', '/healthz', '/state', '/metrics'].flatMap((path) => [
          [`rebound ${path}`, { port, path, headers: { host: `evil.example.org:${port}` } }, 421],
          [`of another site ${path}`, { port, path, headers: { origin: 'http://evil.example.org' } }, 403],
        ]),
      ) as [string, Question, number][]),
    ];
    const answers = strangerAsks(table.map(([, question]) => question));
    expect(answers.map(({ status }, index) => [table[index]?.[0], status])).toEqual(
      table.map(([what, , status]) => [what, status]),
    );
    const state = JSON.parse(answers[table.findIndex(([what]) => what === 'operations: state')]?.text ?? '');
    expect(state.subscribed).toBe(true);
  });

  it('is out of reach from another network namespace', () => {
    for (const { port } of listeners()) {
      for (const host of [ADDRESS, '127.0.0.1']) {
        expect(strangerAsks([{ port, path: '/health' }], host, there)[0]?.status).toBe('ECONNREFUSED');
      }
    }
  });

  it('lets no second user read its files', () => {
    const user = ['--reuid', STRANGER, '--regid', STRANGER, '--clear-groups'];
    const find = (...args: string[]) =>
      String(spawnSync('setpriv', [...user, 'find', dir, '-mindepth', '1', ...args]).stdout);
    expect(readdirSync(dir, { recursive: true }).filter((name) => String(name).endsWith('/journal'))).toHaveLength(1);
    expect(find('-readable')).toBe('');
    expect(find('-executable')).toBe('');
  });

  it('shows its credentials neither in its command line, nor in its environment or log', () => {
    const seen = [
      log,
      ...['cmdline', 'environ'].map((name) => readFileSync(`/proc/${framework.pid}/${name}`, 'utf8')),
    ].join('\n');
    expect(seen).toContain(PROGRAM);
    expect(seen).not.toMatch(/authorization|Basic |secret/i);
  });
});
