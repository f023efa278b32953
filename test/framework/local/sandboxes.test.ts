import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandboxes } from '../../../framework/local/sandboxes.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sandboxes-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const VIRTUAL = '/frameworks/f/executors/t/runs/latest';

describe('sandboxes', () => {
  it('are found by their directory and by their virtual path, with files below', () => {
    const sandboxes = new Sandboxes(root);
    const directory = sandboxes.create('f', 't', 'c1');
    writeFileSync(join(directory, 'stdout'), 'x');
    expect(directory).toBe(join(root, 't'));
    for (const path of [VIRTUAL, directory]) {
      expect(sandboxes.resolve(path)).toBe(directory);
      expect(sandboxes.resolve(`${path}/stdout`)).toBe(join(directory, 'stdout'));
      expect(sandboxes.resolve(`${path}/nope`)).toBeUndefined();
    }
  });

  it('show nothing that lies outside, also not through symbolic links or a name that begins alike', () => {
    const sandboxes = new Sandboxes(root);
    const directory = sandboxes.create('f', 't', 'c1');
    symlinkSync('/etc/passwd', join(directory, 'link'));
    symlinkSync('/', join(directory, 'slash'));
    mkdirSync(join(root, 't-not-mine'));
    for (const path of [
      '/etc/passwd',
      root,
      `${VIRTUAL}/link`,
      `${VIRTUAL}/slash/etc/passwd`,
      `${VIRTUAL}/../t-not-mine`,
      join(root, 't-not-mine'),
      'stdout',
      '',
    ]) {
      expect(sandboxes.resolve(path), path).toBeUndefined();
    }
  });

  it('never share a directory: the second of a name gets another, and is the latest', () => {
    const sandboxes = new Sandboxes(root);
    const first = sandboxes.create('f', 't', 'c1');
    const second = sandboxes.create('f', 't', 'c2');
    const foreign = sandboxes.create('other', 't', 'c3');
    expect(new Set([first, second, foreign]).size).toBe(3);
    expect(sandboxes.resolve(VIRTUAL)).toBe(second);
  });

  it('keep stdout and stderr only when they are cleaned', async () => {
    const sandboxes = new Sandboxes(root);
    const directory = sandboxes.create('f', 't', 'c1');
    mkdirSync(join(directory, 'work', 'deep'), { recursive: true });
    for (const name of ['stdout', 'stderr', 'work/deep/file', '.hidden']) writeFileSync(join(directory, name), '');
    await sandboxes.clean(directory);
    expect(readdirSync(directory).sort()).toEqual(['stderr', 'stdout']);
  });
});
