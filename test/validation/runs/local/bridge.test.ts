import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type ManagerPort,
  openManagerPort,
  reasonAgainstNamespace,
} from '../../../../validation/runs/local/manager-port.ts';

const BRIDGE = join(import.meta.dirname, '..', '..', '..', '..', 'validation', 'runs', 'local', 'bridge.pl');
const noNamespace = await reasonAgainstNamespace();
const PATIENCE = { timeout: 20_000, interval: 20 };

/** In the place of makeflow: the first byte of each connection says what it does with it. */
const SERVER = `
const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  socket.once('data', (bytes) => {
    socket.pause();
    const what = String.fromCharCode(bytes[0]);
    if (bytes.length > 1) socket.unshift(bytes.subarray(1));
    if (what === 'e') socket.pipe(socket);
    if (what === 'r') socket.resetAndDestroy();
    if (what === 's') {
      let count = 0;
      socket.end('all that it says');
      socket.on('data', (more) => { count += more.length; });
      socket.on('end', () => console.log('received', count));
      socket.resume();
    }
  });
});
server.listen({ port: Number(process.argv[1]), host: '127.0.0.1' }, () => console.log('listens'));`;

describe.skipIf(noNamespace !== undefined)('the bridge', () => {
  let place: ManagerPort;
  let server: ChildProcess | undefined;
  let said: string;
  let sockets: Socket[];
  /** Files that the bridge has open without connections. Their number is not ours alone: it may have inherited some. */
  let atRest: number;

  beforeEach(async () => {
    place = await (await openManagerPort()).opened;
    [server, said, sockets, atRest] = [undefined, '', [], files()];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    server?.kill('SIGKILL');
    await place.close();
  });

  const bridge = (): number => Number(/\/proc\/(\d+)\//.exec(place.enter.join(' '))?.[1]);
  const status = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${bridge()}/status`, 'utf8'))?.[1]);
  const files = (): number => readdirSync(`/proc/${bridge()}/fd`).length;

  async function serve(): Promise<void> {
    const [command = '', ...words] = [...place.enter, process.execPath, '-e', SERVER, String(place.port)];
    server = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    server.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    await vi.waitFor(() => expect(said).toContain('listens'), PATIENCE);
  }

  /** A connection whose server does what the letter says. */
  async function open(what: 'e' | 'r' | 's' | 'n'): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: place.port, allowHalfOpen: true });
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(what);
    return socket;
  }

  /** Sends bytes to a server that sends them back. @returns whether the same came back */
  async function comesBack(socket: Socket, blocks: number, size: number, pause = false): Promise<boolean> {
    const [sent, received] = [createHash('sha256'), createHash('sha256')];
    const reading = (async () => {
      for await (const bytes of socket) {
        received.update(bytes as Buffer);
        if (pause) await sleep(1);
      }
    })();
    const block = randomBytes(size);
    for (let n = 0; n < blocks; n++) {
      sent.update(block);
      if (!socket.write(block)) await once(socket, 'drain');
    }
    socket.end();
    await reading;
    return sent.digest('hex') === received.digest('hex');
  }

  const many = (count: number) => Promise.all(Array.from({ length: count }, () => open('e')));
  const allComeBack = async (open: Socket[]) =>
    expect(await Promise.all(open.map((socket) => comesBack(socket, 3, 5000)))).toEqual(open.map(() => true));

  it('connects those who came before makeflow, and some of them had gone again', async () => {
    const early = await many(20);
    early[0]?.destroy();
    early[1]?.resetAndDestroy();
    await serve();
    await allComeBack(early.slice(2));
    await vi.waitFor(() => expect(files()).toBe(atRest), PATIENCE);
  });

  it('serves more connections at once than select can have by itself, 1024, and forgets all of them', async () => {
    await serve();
    await allComeBack(await many(600));
    await vi.waitFor(() => expect(files()).toBe(atRest), PATIENCE);
  });

  it('passes on all bytes in both directions while one side reads slowly, and keeps few of them', async () => {
    await serve();
    const before = status('VmRSS');
    expect(await comesBack(await open('e'), 200, 1 << 18, true)).toBe(true);
    expect(status('VmHWM') - before).toBeLessThan(4000);
  });

  it('passes on the end of one direction while the other goes on', async () => {
    await serve();
    const socket = await open('s');
    let text = '';
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) text += bytes;
    expect(text).toBe('all that it says');
    socket.write('x'.repeat(1e6));
    await sleep(20);
    socket.end('y');
    await vi.waitFor(() => expect(said).toContain('received 1000001'), PATIENCE);
    await vi.waitFor(() => expect(files()).toBe(atRest), PATIENCE);
  });

  it('passes on that makeflow has reset a connection', async () => {
    await serve();
    const socket = await open('r');
    socket.resume();
    await once(socket, 'end');
    await vi.waitFor(() => expect(files()).toBe(atRest), PATIENCE);
  });

  it('does nothing while nothing happens, also with half a connection and with one that nobody reads', async () => {
    await serve();
    (await open('n')).end();
    const [unread, untaken] = [await open('n'), await open('e')];
    untaken.pause();
    for (let n = 0; n < 400; n++) for (const socket of [unread, untaken]) socket.write(Buffer.alloc(1 << 16));
    const turns = () => status('voluntary_ctxt_switches');
    let last = -1;
    await vi.waitFor(
      () => {
        const before = last;
        last = turns();
        expect(last).toBe(before);
      },
      { ...PATIENCE, interval: 300 },
    );
    const ticks = () => readFileSync(`/proc/${bridge()}/stat`, 'utf8').split(' ').slice(13, 15).join();
    const before = [turns(), ticks()];
    await sleep(500);
    expect([turns(), ticks()]).toEqual(before);
  });

  it('goes on when it has no files left, and connects the others later', async () => {
    await serve();
    expect(spawnSync('prlimit', ['--pid', String(bridge()), '--nofile=64']).status).toBe(0);
    const all = await many(100);
    await allComeBack(all);
    await vi.waitFor(() => expect(files()).toBe(atRest), PATIENCE);
  });

  it('says by what it was ended', async () => {
    process.kill(bridge(), 'SIGTERM');
    await vi.waitFor(() => expect(place.lost.aborted).toBe(true), PATIENCE);
    expect(place.lost.reason).toContain('(ended by SIGTERM)');
  });
});

describe.skipIf(noNamespace !== undefined)("the bridge does not heed the user's settings", () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ['PERL_UNICODE', 'SDA'],
    ['PERLIO', ':utf8'],
    ['PERL5LIB', join(import.meta.dirname, 'bridge-lib')],
    ['PERL5OPT', '-MNoSuchModule'],
    ['LC_ALL', 'xx_XX.UTF-8'],
  ])('%s', async (name, value) => {
    vi.stubEnv(name, value);
    const place = await (await openManagerPort()).opened;
    expect(place.exposed).toBeUndefined();
    process.kill(Number(/\/proc\/(\d+)\//.exec(place.enter.join(' '))?.[1]), 'SIGTERM');
    await vi.waitFor(() => expect(place.lost.reason).toContain('(ended by SIGTERM)'), PATIENCE);
  });
});

/** Starts the bridge a moment later, in a namespace of its own, and dies at once. Prints the bridge's pid. */
const PARENT = `
const { spawn } = require('node:child_process');
const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
  const user = process.getuid() === 0 ? [] : ['--user', '--map-current-user', '--keep-caps'];
  const command = [...user, '--net', '--', 'sh', '-c', 'sleep 0.3; exec "$0" "$@"', 'perl', ${JSON.stringify(BRIDGE)}];
  const bridge = spawn('unshare', command, { detached: true, stdio: ['pipe', 'ignore', 'ignore', server._handle.fd] });
  console.log(bridge.pid);
  process.kill(process.pid, 'SIGKILL');
});`;

it.skipIf(noNamespace !== undefined)('the bridge ends when its parent was killed before it ran', async () => {
  const parent = spawn(process.execPath, ['-e', PARENT], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  parent.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await new Promise((resolve) => parent.once('close', resolve));
  const bridge = Number(said);
  expect(bridge).toBeGreaterThan(0);
  try {
    await vi.waitFor(() => expect(existsSync(`/proc/${bridge}`)).toBe(false), { timeout: 20_000, interval: 50 });
  } finally {
    if (existsSync(`/proc/${bridge}`)) process.kill(bridge, 'SIGKILL');
  }
});
