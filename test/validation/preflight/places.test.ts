import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  checkCatalog,
  checkDirectory,
  checkImage,
  checkInputFiles,
  checkStorage,
  fixedPart,
} from '../../../validation/preflight/places.ts';
import type { InputFile } from '../../../validation/workflow/plan.ts';
import { startCatalog, startFlow } from '../../framework/workqueue/tools.ts';
import { makeStage } from '../plans.ts';

const PATH = process.env.PATH;
let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => {
  process.env.PATH = PATH;
  directory.removeCallback();
});

function command(name: string, script: string): void {
  writeFileSync(join(directory.name, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(directory.name, name), 0o755);
  process.env.PATH = `${directory.name}${delimiter}${PATH}`;
}

describe('where outputs go', () => {
  it('is what all steps have in common', () => {
    expect(fixedPart('/data/out')).toBe('/data/out');
    expect(fixedPart('/data/out/job#alien_counter_03i#/x')).toBe('/data/out');
    expect(fixedPart('root://h:1//eos/a/$RUN/x')).toBe('root://h:1//eos/a');
    expect(fixedPart('root://h//out/#alien_counter#?x=a/b')).toBe('root://h//out?x=a/b');
    expect(fixedPart('xroots://h//out/a?x=$TOKEN')).toBe('xroots://h//out/a');
    expect(fixedPart('/out/what?#alien_counter#')).toBe('/out');
    expect(fixedPart('$HOME/out')).toBeUndefined();
    expect(fixedPart('/#alien_counter#')).toBeUndefined();
  });

  it('has the inputs that the first stages copy from it', () => {
    const input = (name: string): InputFile => ({
      kind: 'worker',
      name,
      unpack: false,
      path: join(directory.name, name),
    });
    writeFileSync(join(directory.name, 'there'), '');
    const names = ['there', 'gone', 'out/made'];
    const first = makeStage('first', { inputs: names.map(input), outputDirTemplate: join(directory.name, 'out') });
    const later = makeStage('later', { inputs: names.map(input), after: ['first'], outputDirTemplate: '/later' });
    expect(checkInputFiles([first, later])).toEqual([
      expect.objectContaining({
        name: 'input of first',
        state: 'failed',
        found: `${directory.name}/gone does not exist`,
      }),
      expect.objectContaining({ name: 'input of later', state: 'warning' }),
    ]);
  });

  it('can be written to when a folder that exists above it can', () => {
    expect(checkDirectory(join(directory.name, 'a/b'))).toMatchObject({ state: expect.stringMatching(/ok|warning/) });
    expect(readdirSync(directory.name)).toEqual([]);
  });

  it('cannot be written to when it is a file, or no place for files', () => {
    writeFileSync(join(directory.name, 'file'), '');
    expect(checkDirectory(join(directory.name, 'file/x'))).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('not a directory'),
    });
    // Not even root can write there.
    expect(checkDirectory('/proc/x')).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('cannot be written'),
    });
    const locked = join(directory.name, 'locked');
    mkdirSync(locked, { mode: 0o500 });
    if (process.getuid?.() !== 0) expect(checkDirectory(locked)).toMatchObject({ state: 'failed' });
  });

  it('on storage is tried, and what was written is removed', async () => {
    command('xrdcp', `echo "xrdcp $*" >>'${directory.name}/calls'`);
    command('xrdfs', `echo "xrdfs $*" >>'${directory.name}/calls'`);
    expect(await checkStorage('root://h:1//eos/x')).toMatchObject({ state: 'ok' });
    command('xrdcp', 'echo "Run: [ERROR] Server responded with an error: [3010] permission denied" >&2; exit 54');
    expect(await checkStorage('root://h:1//eos/x')).toMatchObject({
      state: 'failed',
      found: expect.stringMatching(/54: .*permission denied/),
    });
    command('xrdcp', 'sleep 60');
    expect(await checkStorage('root://h:1//eos/x', 300)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('did not answer'),
    });
    process.env.PATH = '/nowhere';
    expect(await checkStorage('root://h:1//eos/x')).toMatchObject({ state: 'skipped' });
  });
});

describe('the catalog', () => {
  async function catalog(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('is a real one, with the managers that it has', async () => {
    const real = await startCatalog();
    const address = `${real.host}:${real.port}`;
    expect(await checkCatalog(address)).toMatchObject({ state: 'ok', found: 'answers; it lists 0 managers' });
    await startFlow(real, 'checked', [{ command: 'touch made', output: 'made' }]);
    const known = 'answers; it lists 1 manager';
    await expect.poll(() => checkCatalog(address), { timeout: 60_000 }).toMatchObject({ state: 'ok', found: known });
  });

  it('is no catalog, or nobody is there', async () => {
    const page = await catalog((_request, response) => response.end('<html>'));
    expect(await checkCatalog(page)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('does not answer with a list'),
    });
    const sad = await catalog((_request, response) => response.writeHead(500).end('{}'));
    expect(await checkCatalog(sad)).toMatchObject({ state: 'failed', found: expect.stringContaining('500') });
    const mute = await catalog(() => {});
    expect(await checkCatalog(mute, 200)).toMatchObject({ state: 'failed' });
    expect(await checkCatalog('127.0.0.1:1')).toMatchObject({ state: 'failed' });
  });
});

describe('the image of the steps', () => {
  it.each([
    ['echo sha256:abc', 'ok', /sha256:abc/],
    ['echo "Error: No such image: x" >&2; exit 1', 'warning', /downloaded when/],
    ['echo "Cannot connect to the Docker daemon" >&2; exit 1', 'failed', /Cannot connect/],
  ])('is as docker says (%s)', async (script, state, found) => {
    command('docker', script);
    expect(await checkImage('x', 'docker')).toMatchObject({ state, found: expect.stringMatching(found) });
  });

  it('is not known when docker hangs', async () => {
    command('docker', 'sleep 60');
    expect(await checkImage('x', 'docker', 500)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('did not answer'),
    });
  });

  it('cannot be told without docker', async () => {
    process.env.PATH = '/nowhere';
    expect(await checkImage('x', 'docker')).toMatchObject({ state: 'skipped' });
  });
});
