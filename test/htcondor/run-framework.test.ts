import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type HTCondorPool, idsOf, startPool, until } from './pool.mjs';
import { PLACE, RelvalUser, ROOT, runEvents, writeWorkflow } from './relval-user.ts';

let pool: HTCondorPool;
beforeAll(async () => {
  pool = await startPool();
});
afterAll(() => pool?.stop());

/** The built framework, with workers that have no token. @returns its address */
async function startFrameworkWithoutTokens(relval: RelvalUser): Promise<string> {
  const file = join(relval.dir, 'framework.yaml');
  writeFileSync(file, `htcondor:\n  - collector: ${pool.collector}\npools:\n  - { name: condor, source: htcondor }\n`);
  const [uid, gid] = idsOf(relval.user);
  const args = ['--master', 'local', '--config', file, '--listen', '127.0.0.1:0'];
  const child = spawn(process.execPath, [join(ROOT, 'dist', 'framework', 'main.js'), ...args], {
    cwd: relval.dir,
    uid,
    gid,
    env: { PATH: process.env.PATH, HOME: relval.dir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  const address = await until(
    'the address of the framework',
    () => {
      if (child.exitCode !== null) throw new Error(said);
      return /"address":"(127\.0\.0\.1:\d+)",[^\n]*serving \/healthz/.exec(said)?.[1];
    },
    30_000,
  );
  return `http://${address}`;
}

describe('relval run --batch condor, where the pool has no slot', () => {
  it('says what the framework says of the owner of the jobs', async () => {
    const relval = new RelvalUser(pool);
    const framework = await startFrameworkWithoutTokens(relval);
    writeFileSync(join(relval.dir, 'relval.yaml'), `serve: { frameworks: ["${framework}"] }\n`);
    const file = writeWorkflow(
      relval,
      { 'next.sh': 'echo never' },
      '  - { name: next, executable: next.sh, inputs: [next.sh] }',
    );
    const { ended, child } = relval.start(['run', file, ...PLACE]);
    const run = await relval.newest();
    const messages = () => runEvents(run).map((event) => ('message' in event ? event.message : ''));
    const found = await until('the reason', () => messages().find((message) => message?.includes('no slot')));
    expect(found).toContain(`: the framework at ${framework} says: `);
    expect(found).toContain('passwordFile');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });
});
