import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askPackages, awaitPackages, checkPackages, publishedIn } from '../../../validation/preflight/packages.ts';

const WANTED = ['VO_ALICE@AliPhysics::v5-09-36-01-1'];
let directory: tmp.DirResult;
const path = (name: string) => join(directory.name, name);
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function alienv(script: string): string {
  writeFileSync(path('alienv'), `#!/bin/sh\n${script}\n`);
  chmodSync(path('alienv'), 0o755);
  return path('alienv');
}

const check = async (script: string, limit = 30_000) =>
  checkPackages(WANTED, await askPackages(alienv(script), limit), true, limit);

describe('the packages of a run', () => {
  it('are published when alienv lists all of them, whatever else it says', async () => {
    expect(await check(`echo 'Loading…'; echo ' ${WANTED[0]} '; echo VO_ALICE@ROOT::v5 [x]`)).toMatchObject({
      state: 'ok',
    });
    expect(publishedIn({ how: 'ended', status: 0, said: '', stdout: 'x\n a@B::c\nVO@X\n' })).toEqual(['a@B::c']);
  });

  it('are not when one is missing, or only looks alike', async () => {
    expect(await check(`echo ${WANTED[0]}0`)).toMatchObject({
      state: 'failed',
      found: `not published: ${WANTED[0]}`,
      advice: expect.stringContaining('--wait'),
    });
  });

  it.each([
    ['fails', 'echo "Transport endpoint is not connected" >&2; exit 107', /status 107: Transport endpoint/],
    ['says nothing', 'true', /no package at all/],
    ['talks garbage', 'head -c 2000 /dev/urandom', /no package at all/],
  ])('are not known when alienv %s', async (_mood, script, found) => {
    expect(await check(script)).toMatchObject({ state: 'failed', found: expect.stringMatching(found) });
  });

  it('are not known when alienv hangs', async () => {
    expect(await check('sleep 60 & sleep 60', 500)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('did not answer within 0.5 s'),
    });
  });

  it('are for the workers to find where CVMFS is not mounted here', async () => {
    const absent = await askPackages(path('nothing'));
    expect(checkPackages(WANTED, absent, false)).toMatchObject({ state: 'skipped' });
    expect(checkPackages(WANTED, absent, true)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('is not installed, or cannot be run'),
    });
    expect(checkPackages([], absent, true)).toMatchObject({ state: 'skipped' });
  });

  it('are waited for, and the repository is asked to be loaded again', async () => {
    const said: string[] = [];
    const program = alienv(
      `echo x >>'${path('calls')}'; [ -e '${path('reload')}' ] && echo ${WANTED[0]}; echo VO_ALICE@Other::v1`,
    );
    const options = {
      alienv: program,
      here: true,
      wait: 60_000,
      every: 20,
      reload: path('reload'),
      say: (text: string) => said.push(text),
    };
    expect(await awaitPackages(WANTED, options)).toMatchObject({ state: 'ok' });
    expect(readFileSync(path('calls'), 'utf8')).toBe('x\nx\n');
    expect(said).toEqual([expect.stringContaining('not published')]);
  });

  it('are waited for no longer than was said, nor when somebody stops it', async () => {
    const program = alienv('echo VO_ALICE@Other::v1');
    const options = { alienv: program, here: true, every: 20, reload: path('reload'), say: () => {} };
    expect(await awaitPackages(WANTED, { ...options, wait: 100 })).toMatchObject({ state: 'failed' });
    const signal = AbortSignal.timeout(100);
    expect(await awaitPackages(WANTED, { ...options, wait: 600_000, every: 600_000, signal })).toMatchObject({
      state: 'failed',
    });
  });

  it('are not waited for without being asked to', async () => {
    const options = {
      alienv: alienv('echo VO_ALICE@Other::v1'),
      here: true,
      wait: 0,
      reload: path('reload'),
      say: () => {},
    };
    expect(await awaitPackages(WANTED, options)).toMatchObject({ state: 'failed' });
    expect(existsSync(path('reload'))).toBe(false);
  });
});
