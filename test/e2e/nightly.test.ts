import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { RunStore } from '../../validation/runs/store/store.ts';
import { CLI, Relval, ROOT, until } from './relval.ts';
import { canBoot, Systemd } from './systemd.ts';

let relval: Relval;
let folder: string;
let file: string;
const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
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
afterEach(() => relval.remove());

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

  it.skipIf(!canBoot)('runs when systemd calls it by its timer, and when it is told to', async () => {
    const place = join(relval.dir, 'systemd');
    mkdirSync(place);
    const systemd = new Systemd(place);
    onTestFinished(() => systemd.stop());
    await systemd.start();
    const schedule = (action: string) =>
      systemd.run(process.execPath, CLI, 'schedule', action, 'train', '--to', 'systemd', '--file', file);
    expect(schedule('apply')).toMatchObject({ status: 0, stderr: '' });
    expect(systemd.run('systemctl', 'list-timers', '--all').stdout).toContain('relval-train.timer');
    const passed = () => new RunStore(relval.runs).list().filter(({ record }) => record.verdict === 'passed').length;
    await until('its timer to start it', 150, () => passed() > 0 || undefined);
    const before = passed();
    expect(schedule('trigger')).toMatchObject({ status: 0, stdout: 'started: relval-train-now.service\n' });
    await until('what was triggered to pass', 60, () => passed() > before || undefined);
    expect(schedule('remove').status).toBe(0);
    expect(systemd.run('systemctl', 'list-timers', '--all').stdout).not.toContain('relval-train');
  });

  it.skipIf(!canMount)(
    'runs by its line of the crontab when cron calls it, which keeps what it says in a file',
    async () => {
      // cron and crontab have their places built in: they get others, for themselves.
      const places = { '/var/spool/cron/crontabs': 'spool', '/etc/cron.d': 'cron.d', '/run': 'run' };
      for (const place of Object.values(places)) mkdirSync(join(relval.dir, place));
      const mounts = Object.entries(places).map(([where, what]) => `mount --bind '${join(relval.dir, what)}' ${where}`);
      const apply = `'${process.execPath}' '${CLI}' schedule apply train --to cron --file "$1"`;
      const commands = [
        'set -e',
        ...mounts,
        'mount --bind /dev/null /etc/crontab',
        apply,
        'crontab -l',
        'exec cron -f',
      ];
      const cron = spawn('unshare', ['-m', 'bash', '-c', commands.join('\n'), 'bash', file], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      for (const stream of [cron.stdout, cron.stderr]) {
        stream.on('data', (chunk) => {
          said += chunk;
        });
      }
      onTestFinished(() => void cron.kill('SIGTERM'));
      const log = join(relval.runs, 'nightly-train.log');
      const text = await until('cron to call it', 150, () => {
        if (cron.exitCode !== null) throw new Error(`cron has ended: ${said}`);
        const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
        return text.includes('report: ') ? text : undefined;
      });
      cron.kill('SIGTERM');
      expect(said).toContain('* * * * * cd ');
      expect(text).toMatch(/^train-\S+: \d+ steps[\s\S]*PASSED/);
      expect(new RunStore(relval.runs).list()[0]?.record).toMatchObject({ verdict: 'passed', name: 'train' });
    },
  );

  it('is refused where no worker could run, instead of waiting for one', async () => {
    const runs = join(folder, 'runs');
    writeFileSync(file, readFileSync(file, 'utf8').replace(`runs: ${relval.runs}`, 'runs: runs'));
    const { code, stderr } = await relval.run('run', 'train', '--nightly', file);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `work_queue_worker cannot run below ${runs}, because its name contains "'". Use another directory of runs with --runs`,
    );
    const exec = await relval.run('exec', '--local', '--runs', runs, '--', 'true');
    expect(exec.code).toBe(2);
  });
});
