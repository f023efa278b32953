import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logSegments } from '../../../validation/logs/live-log.ts';
import {
  type Execution,
  type LogReceiver,
  type ReceiverOptions,
  startLogReceiver,
} from '../../../validation/step/log-receiver.ts';
import { masksOf } from '../../../validation/step/mask.ts';

setFlagsFromString('--expose_gc');
const collectGarbage: () => void = runInNewContext('gc');

const TOKEN = 'aToken_0123';

let dir: string;
let open: LogReceiver[];
let admitted: Execution[];
let problems: string[];
const sockets: Socket[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'relval-receiver-'));
  [open, admitted, problems] = [[], [], []];
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const receiver of open) await receiver.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(changes: Partial<ReceiverOptions> = {}): Promise<LogReceiver> {
  const receiver = await startLogReceiver({
    listen: { host: '127.0.0.1' },
    tokenOf: () => TOKEN,
    masks: masksOf([]),
    limit: 1 << 20,
    admit: (execution) => {
      admitted.push(execution);
      return { directory: join(dir, execution.step, 'live') };
    },
    onProblem: (problem) => problems.push(problem),
    ...changes,
  });
  open.push(receiver);
  return receiver;
}

interface Peer {
  socket: Socket;
  /** All that the receiver has said. */
  said: () => string;
  /** Settles with it when the receiver has said a line. */
  line: () => Promise<string>;
  closed: Promise<void>;
}

function dial(port: number, text?: string): Peer {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  let said = '';
  socket.on('data', (data) => {
    said += data;
  });
  socket.on('error', () => {});
  if (text !== undefined) socket.write(text);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const line = async (): Promise<string> => {
    await until(() => said.includes('\n'), 'an answer');
    return said;
  };
  return { socket, said: () => said, line, closed };
}

const OWN_SECRET = '0123456789abcdef'.repeat(2);
const greeting = (what: string, id = 'sim0001-1-2-host', token = TOKEN, secret = OWN_SECRET): string =>
  `relval-log-2 ${token} sim0001 ${id} ${secret} host 1700000000000 ${what}\n`;

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 60_000) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}

const read = (name: string): string => {
  try {
    return readFileSync(join(dir, 'sim0001', 'live', name), 'latin1');
  } catch {
    return '';
  }
};

describe('a stream', () => {
  it('is on disk as it arrives, each in its file, binary or without line ends', async () => {
    const receiver = await start();
    const { port } = receiver;
    const out = dial(port, greeting('stdout'));
    const err = dial(port, greeting('stderr'));
    expect(await out.line()).toBe('have 0\n');
    expect(await err.line()).toBe('have 0\n');
    out.socket.write('no end');
    err.socket.write(Buffer.from([0, 255, 10, 0]));
    await until(() => read('stdout.log') === 'no end', 'stdout');
    await until(() => read('stderr.log') === '\0\xff\n\0', 'stderr');
    expect(admitted).toEqual([{ step: 'sim0001', id: 'sim0001-1-2-host', host: 'host', start: 1_700_000_000_000 }]);
    await receiver.finish('sim0001-1-2-host');
    expect(read('stdout.log')).toBe('no end');
  });

  it('goes on where it was when its connection is lost, and with another receiver', async () => {
    const first = await start();
    const one = dial(first.port, greeting('stdout'));
    await one.line();
    one.socket.write('first ');
    await until(() => read('stdout.log') === 'first ', 'the first part');
    const two = dial(first.port, greeting('stdout'));
    expect(await two.line()).toBe('have 6\n');
    await one.closed;
    two.socket.write('second ');
    await until(() => read('stdout.log') === 'first second ', 'the second part');
    await first.close();
    await two.closed;
    const second = await start();
    const three = dial(second.port, greeting('stdout'));
    expect(await three.line()).toBe('have 13\n');
    three.socket.end('third');
    await second.finish('sim0001-1-2-host');
    expect(read('stdout.log')).toBe('first second third');
  });

  it('has its secrets masked, also where connections and receivers change within one', async () => {
    const text = 'a hunter2 b hunter2 c hunt';
    for (let cut = 0; cut <= text.length; cut += 1) {
      rmSync(join(dir, 'sim0001'), { recursive: true, force: true });
      const first = await start({ masks: masksOf(['hunter2']) });
      const one = dial(first.port, greeting('stdout'));
      await one.line();
      one.socket.end(text.slice(0, cut));
      await one.closed;
      await first.close();
      expect(read('stdout.log')).not.toContain('hunter2');
      const second = await start({ masks: masksOf(['hunter2']) });
      const two = dial(second.port, greeting('stdout'));
      const from = Number((await two.line()).replace('have ', ''));
      two.socket.end(text.slice(from));
      await two.closed;
      await second.finish('sim0001-1-2-host');
      expect(read('stdout.log')).toBe('a ******* b ******* c hunt');
    }
  });

  it('beyond the limit keeps its first and last halves, and says how much was left out', async () => {
    const receiver = await start({ limit: 1000 });
    const text = Array.from({ length: 2000 }, (_, n) => `${n}\n`).join('');
    const { socket, line, closed } = dial(receiver.port, greeting('stdout'));
    await line();
    for (let at = 0; at < text.length; at += 333) {
      socket.write(text.slice(at, at + 333));
      await sleep(1);
    }
    const path = join(dir, 'sim0001', 'live', 'stdout.log');
    const end = async (): Promise<number> => {
      const last = (await logSegments(path)).at(-1);
      return last ? last.start + last.size : 0;
    };
    while ((await end()) < text.length) await sleep(10);
    const segments = await logSegments(path);
    expect(segments).toHaveLength(3);
    for (const segment of segments) {
      expect(readFileSync(segment.path, 'latin1')).toBe(text.slice(segment.start, segment.start + segment.size));
    }
    socket.end();
    await closed;
    await receiver.finish('sim0001-1-2-host');
    const notice = `\n[relval: ${text.length - 1000} bytes left out here]\n`;
    expect(read('stdout.log')).toBe(text.slice(0, 500) + notice + text.slice(-500));
    expect(readdirSync(join(dir, 'sim0001', 'live'))).toEqual(['stdout.log', 'stdout.log.times']);
  });

  it('is whole when it ends at the limit, and goes on after a restart beyond its first half', async () => {
    const text = 'x'.repeat(499) + 'y'.repeat(501);
    const first = await start({ limit: 1000 });
    const one = dial(first.port, greeting('stdout'));
    await one.line();
    one.socket.write(text.slice(0, 700));
    await until(() => read('stdout.log.tail-500').length === 200, 'the second half');
    await first.close();
    const second = await start({ limit: 1000 });
    const two = dial(second.port, greeting('stdout'));
    expect(await two.line()).toBe('have 700\n');
    two.socket.end(text.slice(700));
    await two.closed;
    await second.finish('sim0001-1-2-host');
    await second.finish('sim0001-1-2-host');
    expect(read('stdout.log')).toBe(text);
  });

  it('is told of its end when all of it has come', async () => {
    const { port } = await start();
    const out = dial(port, greeting('stdout'));
    const err = dial(port, greeting('stderr'));
    await Promise.all([out.line(), err.line()]);
    const end = dial(port, greeting('end 6 2'));
    out.socket.write('123');
    err.socket.write('12');
    await until(() => read('stderr.log') === '12' && read('stdout.log') === '123', 'a part');
    expect(end.said()).toBe('');
    out.socket.write('456');
    expect(await end.line()).toBe('ended\n');
    expect(read('stdout.log')).toBe('123456');
  });
});

describe('an execution', () => {
  it('is admitted once, whatever connects', async () => {
    const { port } = await start();
    expect(await dial(port, greeting('admit')).line()).toBe('go\n');
    expect(await dial(port, greeting('stdout')).line()).toBe('have 0\n');
    expect(await dial(port, greeting('admit')).line()).toBe('go\n');
    expect(admitted).toHaveLength(1);
  });

  it('is refused when it must not run, or has ended', async () => {
    const receiver = await start({
      admit: ({ id }) => (id === 'no' ? { refuse: 'no attempts\nare left' } : { directory: join(dir, id) }),
    });
    const { port } = receiver;
    for (const what of ['admit', 'stdout', 'end 1 1']) {
      const { line, closed } = dial(port, greeting(what, 'no'));
      expect(await line()).toBe('refused no attempts are left\n');
      await closed;
    }
    const out = dial(port, greeting('stdout', 'yes'));
    await out.line();
    await receiver.finish('yes');
    await receiver.finish('neverSeen');
    await out.closed;
    for (const id of ['yes', 'neverSeen']) {
      expect(await dial(port, greeting('stdout', id)).line()).toBe('refused this execution has ended\n');
    }
  });

  it('is known by its secret: who has the token of its step cannot speak for it, or for another step', async () => {
    const { port } = await start({ tokenOf: (step) => `token-of-${step}` });
    const hello = (step: string, what: string, secret = OWN_SECRET, token = `token-of-${step}`): string =>
      `relval-log-2 ${token} ${step} sim0001-1-2-host ${secret} host 1 ${what}\n`;
    const out = dial(port, hello('sim0001', 'stdout'));
    expect(await out.line()).toBe('have 0\n');
    out.socket.write('its own');
    await until(() => read('stdout.log') === 'its own', 'its own words');
    const other = 'f'.repeat(32);
    for (const forged of [
      hello('sim0001', 'stdout', other),
      hello('sim0001', 'end 7 0', other),
      hello('sim0001', 'admit', other),
      hello('sim0002', 'stdout'),
      hello('sim0002', 'stdout', other),
      hello('sim0001', 'stdout', OWN_SECRET, 'token-of-sim0002'),
      'relval-log-1 token-of-sim0001 sim0001 sim0001-1-2-host host 1 stdout\n',
    ]) {
      const peer = dial(port, `${forged}forged`);
      await peer.closed;
      expect(peer.said(), forged).toBe('');
    }
    out.socket.write(' and more');
    await until(() => read('stdout.log') === 'its own and more', 'more of its own words');
    expect(admitted).toHaveLength(1);
    expect(out.socket.destroyed).toBe(false);
  });

  it('that has no attempt gets no answer, and nothing is kept of it', async () => {
    let asked = 0;
    const { port } = await start({
      admit: () => {
        asked++;
        return undefined;
      },
    });
    for (let n = 0; n < 2; n++) {
      const peer = dial(port, greeting('admit'));
      await peer.closed;
      expect(peer.said()).toBe('');
    }
    expect(asked).toBe(2);
  });

  it('of a script of before is known without a secret', async () => {
    const { port } = await start();
    const old = (what: string): string => `relval-log-1 ${TOKEN} sim0001 sim0001-1-2-host host 1 ${what}\n`;
    expect(await dial(port, old('admit')).line()).toBe('go\n');
    expect(await dial(port, old('stdout')).line()).toBe('have 0\n');
  });

  it('that the callee cannot judge is let go without an answer, and told', async () => {
    const { port } = await start({
      admit: () => {
        throw new Error('no idea');
      },
    });
    for (let n = 0; n < 3; n++) {
      const peer = dial(port, greeting('admit'));
      await peer.closed;
      expect(peer.said()).toBe('');
    }
    expect(problems).toEqual(['live logs of sim0001 on host: no idea']);
  });
});

describe('what must not disturb the receiver', () => {
  it.each([
    ['a wrong token', greeting('admit', 'x', 'aToken_0124')],
    ['a token that is a part of it', greeting('admit', 'x', 'aToken')],
    ['no greeting', 'GET / HTTP/1.1\r\n\r\n'],
    ['a greeting that leads elsewhere', `relval-log-1 ${TOKEN} ../../x a host 1 stdout\n`],
    ['another protocol', `relval-log-3 ${TOKEN} sim0001 a ${OWN_SECRET} host 1 stdout\n`],
    ['one without its secret', `relval-log-2 ${TOKEN} sim0001 a host 1 stdout\n`],
    ['binary garbage', Buffer.from([0, 1, 2, 255, 10]).toString('latin1')],
    ['a greeting without an end', 'x'.repeat(100_000)],
  ])('%s ends the connection without an answer', async (_, text) => {
    const { port } = await start();
    const peer = dial(port, text);
    await peer.closed;
    expect(peer.said()).toBe('');
    expect(admitted).toEqual([]);
    expect(await dial(port, greeting('stdout')).line()).toBe('have 0\n');
  });

  it('a greeting that comes byte by byte is one all the same', async () => {
    const { port } = await start();
    const { socket, line } = dial(port);
    for (const char of `${greeting('stdout')}abc`) {
      socket.write(char);
      await sleep(1);
    }
    expect(await line()).toBe('have 0\n');
    await until(() => read('stdout.log') === 'abc', 'the first bytes');
  });

  it('a thousand connections that say nothing keep nobody out', async () => {
    const { port } = await start();
    const silent = Array.from({ length: 1000 }, () => dial(port));
    await Promise.all(silent.slice(0, 400).map(({ closed }) => closed));
    expect(await dial(port, greeting('stdout')).line()).toBe('have 0\n');
  });

  it('connections that have their answer and stay, or ask for an end that never comes, keep nobody out', async () => {
    const { port } = await start({
      admit: ({ id }) => (id === 'no' ? { refuse: 'no' } : { directory: join(dir, 'sim0001', 'live') }),
    });
    const out = dial(port, greeting('stdout'));
    await out.line();
    const asking = [greeting('admit'), greeting('admit', 'no'), greeting('end 1000 1000'), 'relval-log-2 '];
    const openFiles = (): number => readdirSync('/proc/self/fd').length;
    const before = openFiles();
    const staying = Array.from({ length: 1200 }, (_, n) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      sockets.push(socket);
      socket.on('error', () => {});
      socket.resume().write(asking[n % asking.length] as string);
      return socket;
    });
    await until(() => staying.every(({ connecting }) => !connecting), 'all of them to be there');
    await until(() => openFiles() < before + staying.length + 600, 'the first of them to go');
    const err = dial(port, greeting('stderr'));
    expect(await err.line()).toBe('have 0\n');
    out.socket.write('still here');
    await until(() => read('stdout.log') === 'still here', 'the stream of before');
  });

  it('executions without end that ask with a right token leave nothing behind', async () => {
    let asked = 0;
    const { port } = await start({
      admit: ({ id }) => {
        if (id === 'sim0001-1-2-host') return { directory: join(dir, 'sim0001', 'live') };
        return asked++ % 2 === 0 ? { refuse: 'nobody waits for it' } : undefined;
      },
    });
    const ask = async (from: number, count: number): Promise<void> => {
      for (let n = from; n < from + count; n += 50) {
        await Promise.all(
          Array.from({ length: 50 }, (_, i) => dial(port, greeting('admit', `${'x'.repeat(600)}-${n + i}`)).closed),
        );
        sockets.length = 0;
      }
    };
    const used = (): number => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    await ask(0, 1000);
    const before = used();
    await ask(1000, 4000);
    expect(asked).toBe(5000);
    // Kept, they would be 4000 ids of 600 characters and what belongs to them.
    expect(used() - before).toBeLessThan(1.5e6);
    expect(await dial(port, greeting('stdout')).line()).toBe('have 0\n');
  });

  it('a directory that cannot be written to is told once, and tried again', async () => {
    writeFileSync(join(dir, 'sim0001'), 'in the way');
    const { port } = await start();
    for (let n = 0; n < 2; n++) await dial(port, greeting('stdout')).closed;
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^live logs of sim0001 on host: E/);
    rmSync(join(dir, 'sim0001'));
    expect(await dial(port, greeting('stdout')).line()).toBe('have 0\n');
  });
});
