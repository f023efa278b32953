import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Relval } from '../e2e/relval.ts';
import { importBase } from './base-image.ts';
import { Daemon } from './daemon.ts';

const IMAGE = 'relval-exec-test:1';
let daemon: Daemon;
let relval: Relval;
let script: string;
const earlier = process.env.DOCKER_HOST;
beforeAll(async () => {
  daemon = new Daemon();
  await daemon.start();
  importBase(daemon, IMAGE, 'worker');
  process.env.DOCKER_HOST = daemon.host;
  relval = new Relval();
  mkdirSync(join(relval.dir, 'my train'));
  script = join(relval.dir, 'my train', 'run.sh');
  // What tells a container from this machine: the image has no /home.
  const text =
    '#!/bin/bash\n[ -e /home ] && echo outside || echo inside\ncat beside.txt\necho "$1" >out.txt\nexit "$2"\n';
  writeFileSync(script, text, { mode: 0o755 });
  writeFileSync(join(relval.dir, 'my train', 'beside.txt'), 'beside it\n');
});
afterAll(async () => {
  relval?.remove();
  if (earlier === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = earlier;
  await daemon?.stop();
});

const exec = (image: string, ...words: string[]) =>
  relval.run('exec', '--local', '--containerizer', 'docker', '--image', image, '--retries', '0', ...words);

describe('relval exec in an image', () => {
  it('runs the script there, as it is, with what lies beside it', async () => {
    const { code, stdout, stderr } = await exec(IMAGE, '--output', 'out.txt', '--', script, 'a b', '0');
    expect(stdout, stderr).toContain('inside\nbeside it\n');
    expect(code).toBe(0);
    expect(daemon.containers()).toEqual([]);
  });

  it('fails as the script does', async () => {
    expect((await exec(IMAGE, '--', script, 'x', '7')).code).toBe(1);
  });

  it('is broken when there is no such image, before anything has run', async () => {
    const { code, stderr } = await exec('127.0.0.1:1/nothing:1', '--', script, 'x', '0');
    expect(code).toBe(3);
    expect(stderr).toMatch(/BROKEN[\s\S]*127\.0\.0\.1:1\/nothing:1/);
    expect(daemon.containers()).toEqual([]);
  });
});
