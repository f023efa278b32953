import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { candidates, type Known } from '../../../validation/cli/completion.ts';
import { script } from '../../../validation/cli/output/completion-scripts.ts';

const known: Known = {
  names: () => [],
  runs: () => ['old-1', 'new-2'],
  steps: (run) => (run === 'new-2' ? ['sim0001', 'sim0002', 'merge'] : []),
};
const words = async (...line: string[]) => (await candidates(line, known)).map(({ word }) => word);

describe('completion', () => {
  it('knows the commands that are shown, and what they do', async () => {
    expect(await words('st')).toEqual(['stop', 'status']);
    expect(await words('')).not.toContain('execute-in-background');
    expect((await candidates(['lis'], known))[0]).toEqual({ word: 'list', describe: 'List the runs, oldest first' });
  });

  it('knows the options of a command, and those of all', async () => {
    expect(await words('logs', '--ti')).toEqual(['--times']);
    expect(await words('run', 'x.jdl', '--no-')).toEqual(expect.arrayContaining(['--no-check', '--no-notify']));
    expect(await words('--conf')).toEqual(['--config']);
    expect(await words('status', '--conf')).toEqual(['--config']);
    expect(await words('ls', '--js')).toEqual(['--json']);
  });

  it('knows runs and steps', async () => {
    expect(await words('status', '')).toEqual(['last', 'new-2', 'old-1']);
    expect(await words('logs', '--runs', 'elsewhere', 'n')).toEqual(['new-2']);
    expect(await words('logs', 'new-2', 'sim')).toEqual(['sim0001', 'sim0002']);
    expect(await words('logs', '-f', 'new-2', 'm')).toEqual(['merge']);
    expect(await words('diff', 'old-1', 'n')).toEqual(['new-2']);
  });

  it('knows the words that an argument or an option can have', async () => {
    expect(await words('completion', '')).toEqual(['bash', 'zsh', 'fish']);
    expect(await words('schedule', 'apply', 'x', '--to', 's')).toEqual(['systemd']);
  });

  it('leaves files to the shell', async () => {
    expect(await words('run', '')).toEqual([]);
    expect(await words('status', '--runs', '')).toEqual([]);
  });
});

/** A `relval` in the path that answers as the real one does. */
function standIn(): string {
  const dir = tmp.dirSync({ unsafeCleanup: true });
  onTestFinished(() => dir.removeCallback());
  mkdirSync(join(dir.name, 'bin'));
  const file = join(dir.name, 'bin', 'relval');
  writeFileSync(file, '#!/bin/sh\nprintf "%s\\n" "$*" >> "$0.asked"\nprintf "a:1\\tone thing\\nsim0001\\t\\n"\n');
  chmodSync(file, 0o755);
  return dir.name;
}

describe('the script for a shell', () => {
  it('gives bash the words that relval answers', () => {
    const dir = standIn();
    writeFileSync(join(dir, 'script'), script('bash', '__complete'));
    const test = `source "$1/script"; COMP_WORDS=(relval logs "a b" ""); COMP_CWORD=3; _relval; printf "<%s>" "\${COMPREPLY[@]}"; cat "$1/bin/relval.asked"; complete -p relval`;
    const said = execFileSync('bash', ['--norc', '-c', test, 'bash', dir], {
      encoding: 'utf8',
      env: { PATH: `${join(dir, 'bin')}:${process.env.PATH}` },
    });
    expect(said).toBe('<a:1><sim0001>__complete -- logs a b \ncomplete -o default -F _relval relval\n');
  });

  it.each(['zsh', 'fish'] as const)('is one that %s can read', (shell) => {
    // Neither belongs to what the tests install.
    if (spawnSync(shell, ['--version']).error) return;
    const dir = standIn();
    const file = join(dir, 'script');
    writeFileSync(file, script(shell, '__complete'));
    expect(spawnSync(shell, ['-n', file], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    if (shell !== 'fish') return;
    const asked = spawnSync('fish', ['-c', `source ${file}; complete -C 'relval logs x '`], {
      encoding: 'utf8',
      env: { HOME: dir, PATH: `${join(dir, 'bin')}:${process.env.PATH}` },
    });
    expect(asked.stdout).toBe('a:1\tone thing\nsim0001\n');
  });
});
