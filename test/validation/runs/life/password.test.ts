import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../../validation/input/input-error.ts';
import { passwordOf } from '../../../../validation/runs/life/password.ts';

const catalog = 'catalog.example.org:9097';
let folder: tmp.DirResult;
let warned: string;
beforeEach(() => {
  folder = tmp.dirSync({ unsafeCleanup: true });
  warned = '';
});
afterEach(() => {
  folder.removeCallback();
});

const warn = (message: string): void => {
  warned += message;
};

function file(content: string, mode = 0o600): string {
  const path = join(folder.name, 'password');
  writeFileSync(path, content, { mode });
  return path;
}

describe('the password of a run on a cluster', () => {
  it('is a file of its own', () => {
    const password = file('open sesame');
    expect(passwordOf({ catalog, password }, true, warn)).toBe(password);
    expect(warned).toBe('');
  });

  it('is warned of where others can read it', () => {
    expect(passwordOf({ catalog, password: file('open sesame', 0o644) }, false, warn)).toBeDefined();
    expect(warned).toMatch(/other users can read the file/);
  });

  it.each([
    ['is not there', () => join(folder.name, 'none'), /none: no such file/],
    ['is empty', () => file(''), /is empty/],
    ['is a directory', () => folder.name, /is not a file/],
  ])('is refused when it %s', (_what, path, message) => {
    expect(() => passwordOf({ catalog, password: path() }, false, warn)).toThrow(InputError);
    expect(() => passwordOf({ catalog, password: path() }, false, warn)).toThrow(message);
  });

  it('is missed, and needed where there are secrets', () => {
    expect(passwordOf({ catalog }, false, warn)).toBeUndefined();
    expect(warned).toMatch(/this run has no password: whoever can connect/);
    expect(() => passwordOf({ catalog }, true, warn)).toThrow(/--secret needs --password/);
  });

  it('is not used by a run on this machine, which has its own', () => {
    mkdirSync(join(folder.name, 'x'));
    expect(passwordOf({ password: join(folder.name, 'x') }, true, warn)).toBeUndefined();
    expect(warned).toBe('');
  });
});
