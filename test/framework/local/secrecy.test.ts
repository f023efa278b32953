import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Driver } from '../../../framework/driver.ts';
import { type LocalCredentials, randomCredentials } from '../../../framework/local/credentials.ts';
import { type LocalMaster, startLocalMaster } from '../../../framework/local/master.ts';
import { basic } from '../../../framework/mesos/credentials.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import { stateOf } from '../../../framework/ops/state.ts';
import { RawFramework } from '../../conformance/client.ts';
import { firstOffer, launch, task } from '../../conformance/cluster.ts';

let dir: string;
let credentials: LocalCredentials;
let master: LocalMaster;
let logged: string;
const log = pino(
  { level: 'trace' },
  {
    write: (line) => {
      logged += line;
    },
  },
);

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'secrecy-'));
  logged = '';
  credentials = randomCredentials();
  const agents = [{ cpus: 4, memory: 4096, disk: 1000 }];
  master = await startLocalMaster({ workDir: join(dir, 'work'), agents, log, credentials });
});
afterEach(async () => {
  await master.stop();
  rmSync(dir, { recursive: true, force: true });
});

const authorization = () => basic(credentials.principal, credentials.secret).authorization();

/** The secret, and its form in a request. */
const shapes = () => [credentials.secret, authorization().slice('Basic '.length)];

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

it('is new at every start, and too long to be guessed', () => {
  const secrets = new Set(Array.from({ length: 100 }, () => randomCredentials().secret));
  expect(secrets.size).toBe(100);
  for (const secret of secrets) expect(Buffer.from(secret, 'base64url').length * 8).toBeGreaterThanOrEqual(128);
});

it('the secret shows in no log, file, answer, command line or task’s environment', async () => {
  const driver = new Driver({
    pools: [],
    info: { user: 'tester', name: 'secrecy' },
    connection: {
      locate: parseMaster(master.address, { log }),
      credentials: basic(credentials.principal, credentials.secret),
    },
    sources: [],
    stateDir: join(dir, 'state'),
    log,
    onFatal: (why) => log.error({ why }),
  });
  driver.start();
  const framework = await RawFramework.subscribe(master.url, { headers: { authorization: authorization() } });
  try {
    const offer = await firstOffer(framework);
    const command = 'env; tr "\\0" "\\n" < /proc/$PPID/cmdline; ps -eo args';
    await launch(framework, [offer], [task(offer, 'look', { command })]);
    await framework.update('look', 'TASK_FINISHED');
    await expect.poll(() => driver.scheduler.state.subscribed, { timeout: 30_000 }).toBe(true);
    // A refusal may be logged, so it must not contain the right value.
    await fetch(`${master.url}/state`, { headers: { authorization: 'Basic d3Jvbmc6d3Jvbmc=' } });
    const state = await fetch(`${master.url}/state`, { headers: { authorization: authorization() } });
    const seen = [logged, await state.text(), JSON.stringify(stateOf(driver, Date.now()))];
    const files = filesBelow(dir);
    expect(files.map((file) => file.slice(dir.length + 1))).toContain('work/S0/look/stdout');
    for (const text of [...seen, ...files.map((file) => readFileSync(file, 'latin1'))]) {
      for (const shape of shapes()) expect(text).not.toContain(shape);
    }
    expect(readFileSync(join(dir, 'work/S0/look/stdout'), 'utf8')).toContain('MESOS_SANDBOX=');
    expect(statSync(join(dir, 'state')).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(join(dir, 'state'))) expect(statSync(join(dir, 'state', name)).mode & 0o077).toBe(0);
  } finally {
    await framework.close();
    await driver.stop({ teardown: true });
  }
});

it('sandboxes are made for their owner only', async () => {
  const framework = await RawFramework.subscribe(master.url, { headers: { authorization: authorization() } });
  const offer = await firstOffer(framework);
  await launch(framework, [offer], [task(offer, 'sleeps', { command: 'sleep 1000' })]);
  await framework.update('sleeps', 'TASK_RUNNING');
  for (const path of ['work', 'work/S0', 'work/S0/sleeps']) {
    expect([path, statSync(join(dir, path)).mode & 0o777]).toEqual([path, 0o700]);
  }
  await framework.close();
});
