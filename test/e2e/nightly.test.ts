import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunStore } from '../../validation/runs/store.ts';
import { Relval, ROOT } from './relval.ts';

let relval: Relval;
let folder: string;
let file: string;
const PATH = process.env.PATH;
beforeEach(() => {
  relval = new Relval();
  folder = join(relval.dir, `it's 100% nightly`);
  mkdirSync(folder);
  file = join(folder, 'nightly.yaml');
  writeFileSync(
    file,
    `defaults: { timeZone: UTC, local: true, runs: ${relval.runs}, environment: { GREETING: "50% 'x' \\"y\\" $HOME" } }
nightlies:
  train: { run: ${ROOT}/makeflows/train/workflow.yaml, cron: "* * * * *" }
`,
  );
});
afterEach(() => {
  process.env.PATH = PATH;
  relval.remove();
});

/** With these variables only. */
function runClean(env: Record<string, string>, cwd: string, words: readonly string[]) {
  const assignments = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return spawnSync('env', ['-i', ...assignments, ...words], { cwd, encoding: 'utf8', timeout: 120_000 });
}

function onlyRun() {
  const runs = new RunStore(relval.runs).list();
  expect(runs).toHaveLength(1);
  return runs[0]?.record;
}

/** As systemd.service(5) reads a line: words, quotes, escapes, specifiers. */
function systemdWords(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain = '']) =>
    (quoted?.replace(/\\(.)/g, '$1') ?? plain).replaceAll('%%', '%'),
  );
}

describe('a nightly whose scheduler gives it hardly any environment', () => {
  it('runs by the line of its systemd service', async () => {
    const units = join(relval.dir, 'units');
    const applied = await relval.run('schedule', 'apply', 'train', '--to', 'systemd', '--units', units, '--file', file);
    expect(applied.code, applied.stderr).toBe(0);
    const unit = readFileSync(join(units, 'relval-train.service'), 'utf8');
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
    const [variable = ''] = systemdWords(value('Environment'));
    expect(variable).toBe(`GREETING=50% 'x' "y" $HOME`);
    const command = systemdWords(value('ExecStart').replace(/^:/, ''));
    // What a system service has without User=: systemd.exec(5), "Environment variables in spawned processes".
    const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', LANG: 'C.UTF-8', INVOCATION_ID: '1' };
    const directory = value('WorkingDirectory').replaceAll('%%', '%');
    const { status, stdout, stderr } = runClean(env, directory, command);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('PASSED');
    expect(onlyRun()).toMatchObject({
      verdict: 'passed',
      name: 'train',
      request: { nightly: { name: 'train', file } },
    });
  });

  it('runs by its line of the crontab, which keeps what it says in a file', async () => {
    const table = join(relval.dir, 'table');
    const program = join(relval.dir, 'crontab');
    writeFileSync(
      program,
      `#!/bin/sh\ncase $1 in -l) cat '${table}' 2>/dev/null || { echo no crontab for me >&2; exit 1; } ;; -) cat >'${table}' ;; esac\n`,
    );
    chmodSync(program, 0o755);
    process.env.PATH = `${relval.dir}${delimiter}${PATH}`;
    const applied = await relval.run('schedule', 'apply', 'train', '--to', 'cron', '--file', file);
    expect(applied.code, applied.stderr).toBe(0);
    const line = /^\* \* \* \* \* (.*)$/m.exec(readFileSync(table, 'utf8'))?.[1] ?? '';
    // What cron(8) and crontab(5) do with it.
    const env = { HOME: relval.dir, LOGNAME: 'root', SHELL: '/bin/sh', PATH: '/usr/bin:/bin' };
    const { status, stdout, stderr } = runClean(env, relval.dir, ['/bin/sh', '-c', line.replaceAll('\\%', '%')]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(onlyRun()).toMatchObject({ verdict: 'passed', name: 'train' });
    expect(readFileSync(join(relval.runs, 'nightly-train.log'), 'utf8')).toMatch(/^train-\S+: \d+ steps[\s\S]*PASSED/);
  });

  it('is refused where no worker could run, instead of waiting for one', async () => {
    const runs = join(folder, 'runs');
    writeFileSync(file, readFileSync(file, 'utf8').replace(`runs: ${relval.runs}`, 'runs: runs'));
    const { code, stderr } = await relval.run('run', 'train', '--nightly', file);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `work_queue_worker cannot run below ${runs}, because of the "'": keep runs in another directory (--runs)`,
    );
    const exec = await relval.run('exec', '--local', '--runs', runs, '--', 'true');
    expect(exec.code).toBe(2);
  });
});
