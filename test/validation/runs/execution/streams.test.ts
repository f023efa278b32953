import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stepTokens } from '../../../../validation/runs/execution/step-key.ts';
import { type LogStreams, startLogStreams } from '../../../../validation/runs/execution/streams.ts';
import { RunDir } from '../../../../validation/runs/store/store.ts';

let run: RunDir;
let streams: LogStreams;
beforeEach(async () => {
  run = new RunDir(mkdtempSync(join(tmpdir(), 'relval-streams-')));
  streams = await startLogStreams({ local: true, tokens: stepTokens(run), secrets: ['hunter2'], limit: 1 << 20 });
  streams.admitBy(({ step }) => ({ directory: join(run.path, step) }));
});
afterEach(async () => {
  await streams.close();
  rmSync(run.path, { recursive: true, force: true });
});

/** What the receiver says to a line; empty when it ends the connection without a word. */
function answer(address: string, line: string): Promise<string> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port), host, () => socket.write(`${line}\n`));
    socket.once('data', (data) => {
      resolve(data.toString().trim());
      socket.destroy();
    });
    socket.once('error', () => {});
    socket.once('close', () => resolve(''));
  });
}

const SECRET = 'a'.repeat(32);
const now = (token: string, step: string): string => `relval-log-2 ${token} ${step} ${step}-1-2-h ${SECRET} h 1 admit`;
const before = (token: string, step: string): string => `relval-log-1 ${token} ${step} ${step}-1-2-h h 1 admit`;

it('each step has its own token', async () => {
  const { RELVAL_LOGS: address = '' } = streams.environment(true);
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  const tokens = stepTokens(run);
  expect(await answer(address, now(tokens.of('sim0002'), 'sim0001'))).toBe('');
  expect(await answer(address, now(tokens.mark, 'sim0001'))).toBe('');
  expect(await answer(address, now(tokens.of('sim0001'), 'sim0001'))).toBe('go');
});

it('steps of an older Makeflow file share a token, which is new for each receiver', async () => {
  const old = streams.environment(false).RELVAL_LOGS ?? '';
  const [, token = ''] = /^127\.0\.0\.1:\d+:(\S+)$/.exec(old) ?? [];
  expect(token.length).toBeGreaterThan(20);
  expect(await answer(old, before(token, 'sim0001'))).toBe('go');
  expect(await answer(old, now(token, 'sim0002'))).toBe('go');
  streams.environment(true);
  expect(await answer(old, before(token, 'sim0003'))).toBe('');
  expect(await answer(old, now(token, 'sim0003'))).toBe('');
});

it('the key stays the same for a run, only its owner can read it, and it is made again if a crash left none', () => {
  const path = join(run.path, '.step-key');
  const token = stepTokens(run).of('sim0001');
  expect(stepTokens(new RunDir(run.path)).of('sim0001')).toBe(token);
  expect(token).toMatch(/^[\w-]{38}$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, '');
  expect(stepTokens(run).of('sim0001')).not.toBe(token);
  expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
});
