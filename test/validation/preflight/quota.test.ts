import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askQuota, checkQuota } from '../../../validation/preflight/quota.ts';

const PATH = process.env.PATH;
let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  process.env.PATH = `${directory.name}${delimiter}${PATH}`;
});
afterEach(() => {
  process.env.PATH = PATH;
  directory.removeCallback();
});

async function check(script: string, limit = 30_000) {
  writeFileSync(join(directory.name, 'eos'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory.name, 'eos'), 0o755);
  return checkQuota('root://eos.example.org//eos/x', await askQuota('root://eos.example.org', '/eos/x', limit), limit);
}

const quota = (usedBytes: number, usedFiles: number) =>
  `echo 'quota=node uid=1 space=/eos/x usedbytes=${usedBytes} usedlogicalbytes=1 usedfiles=${usedFiles} maxbytes=1000000000000 maxlogicalbytes=2 maxfiles=100000 percentageusedbytes=1 statusbytes=ok'`;

describe('the quota on EOS', () => {
  it('is asked for as EOS wants it', async () => {
    await check(`echo "$@" >'${directory.name}/args'`);
    expect(readFileSync(join(directory.name, 'args'), 'utf8')).toBe('root://eos.example.org quota /eos/x -m\n');
  });

  it('has room, gets tight, is full: in bytes or in files', async () => {
    expect(await check(quota(5e11, 1000))).toMatchObject({ state: 'ok', found: '50 % used: 500.0 GB of 1000.0 GB' });
    expect(await check(quota(5e11, 95_000))).toMatchObject({
      state: 'warning',
      found: '95 % used: 95,000 files of 100,000 files',
    });
    expect(await check(quota(9.9e11, 95_000))).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('99 %'),
    });
  });

  it('of several lines is the tightest of them; one without a limit does not count', async () => {
    expect(await check(`${quota(1e9, 1)}; ${quota(1e9, 99_999)}`)).toMatchObject({ state: 'failed' });
    expect(await check('echo maxbytes=0 usedbytes=5 maxfiles=10 usedfiles=1')).toMatchObject({ state: 'ok' });
  });

  it.each([
    ['fails', 'echo "error: errc=2 no such quota node" >&2; exit 2', /status 2: error: errc=2/],
    ['talks garbage', 'echo hello; head -c 100 /dev/urandom', /did not print a quota/],
    ['says nothing', 'true', /did not print a quota: nothing/],
  ])('is not known, and keeps nobody from running, when eos %s', async (_mood, script, found) => {
    expect(await check(script)).toMatchObject({ state: 'warning', found: expect.stringMatching(found) });
  });

  it('is not known, and keeps nobody from running, when eos hangs', async () => {
    expect(await check('sleep 60', 500)).toMatchObject({
      state: 'warning',
      found: expect.stringContaining('did not answer within'),
    });
  });

  it('cannot be told without eos', async () => {
    process.env.PATH = '/nowhere';
    expect(checkQuota('x', await askQuota('h', '/x'))).toMatchObject({ state: 'skipped' });
  });
});
