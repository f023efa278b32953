import { describe, expect, it } from 'vitest';
import { aboutRun, relvalWord, type Shell } from '../../../validation/cli/output/paste.ts';
import { RunDir } from '../../../validation/runs/store/store.ts';

const PROGRAM = '/opt/checkout/dist/validation/cli/main.js';
const shell = (change: Partial<Shell> = {}): Shell => ({
  cwd: '/home/me',
  path: '/usr/local/bin:/usr/bin',
  program: PROGRAM,
  real: () => undefined,
  ...change,
});

describe('the word by which relval is called', () => {
  it('is its name where the shell finds this very program', () => {
    const real = (path: string) => (path === '/usr/bin/relval' ? PROGRAM : undefined);
    expect(relvalWord(shell({ real }))).toBe('relval');
    expect(relvalWord(shell({ real, path: '/usr/local/bin' }))).toBe(PROGRAM);
  });

  it('is its path where the name is that of another program', () => {
    expect(relvalWord(shell({ real: () => '/usr/lib/other/main.js' }))).toBe(PROGRAM);
  });

  it('is found by npx in a checkout, whose folders in the path are not those of the shell', () => {
    const real = (path: string) => (path.includes('node_modules/.bin') ? PROGRAM : undefined);
    const path = '/opt/checkout/node_modules/.bin:/usr/bin';
    expect(relvalWord(shell({ real, path, cwd: '/opt/checkout' }))).toBe('npx relval');
    expect(relvalWord(shell({ cwd: '/opt/checkout/docs' }))).toBe('npx relval');
    expect(relvalWord(shell({ cwd: '/opt/checkout2' }))).toBe(PROGRAM);
  });

  it('is quoted where a shell would take it apart', () => {
    expect(relvalWord(shell({ program: '/home/a b/dist/validation/cli/main.js' }))).toBe(
      "'/home/a b/dist/validation/cli/main.js'",
    );
  });
});

describe('a command about a run', () => {
  it('names the run by its id where relval looks for it, else by its directory', () => {
    const real = () => PROGRAM;
    const command = (path: string) => aboutRun(new RunDir(path), 'logs', ['sim 1'], shell({ real }));
    expect(command('/home/me/runs/n-1')).toBe("relval logs n-1 'sim 1'");
    expect(command('/home/me/others/n-1')).toBe("relval logs others/n-1 'sim 1'");
    expect(command('/data/n-1')).toBe("relval logs ../../data/n-1 'sim 1'");
  });
});
