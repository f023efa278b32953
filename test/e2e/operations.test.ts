import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Relval, ROOT, runNames, until } from './relval.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

function file(name: string, text: string, mode = 0o644): string {
  const path = join(relval.dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const SCRIPT = `#!/bin/bash
. lib/common.sh
printf '<%s>' "$@"
hello
echo done >result.txt
[ "$1" != fail ] || { echo "Segmentation fault" >&2; exit 4; }
`;

describe('relval exec', () => {
  it('runs a script as it is, with what lies beside it, and its arguments as they are', async () => {
    file('my train/lib/common.sh', 'hello() { echo hello; }\n');
    file('my train/runs/secret', 'x');
    const script = file('my train/run it.sh', SCRIPT, 0o755);
    const args = ['a b', '$HOME `id`', '#alien_counter#', '{{run}}', "it's", '-v', '007', '1e3', '--no-x=1', '--', ''];
    const { code, stdout, stderr } = await relval.run('exec', '--local', '--output', '*.txt', '--', script, ...args);
    expect(stdout).toContain(`${args.map((arg) => `<${arg}>`).join('')}hello\n`);
    expect(stderr).toContain('PASSED');
    expect(code).toBe(0);
    const { directory, request } = await relval.onlyRun();
    expect(request.command).toEqual([script, ...args]);
    expect(readFileSync(join(directory, 'output', 'result.txt'), 'utf8')).toBe('done\n');
  });

  it('is judged as any step: exit status, known errors, outputs that are missing', async () => {
    file('lib/common.sh', 'hello() { echo hello; }\n');
    const script = file('run.sh', SCRIPT, 0o755);
    const failed = await relval.run('exec', '--local', '--', script, 'fail');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('Segmentation fault\n');
    expect(failed.stderr).toMatch(/error segmentation-fault in exec, stderr\.log:1/);
    const missing = await relval.run('exec', '--local', '--output', '*.root', '--', script, 'ok');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('no output *.root');
  });

  it('runs the example of the train test', async () => {
    const { code } = await relval.run(
      'exec',
      '--local',
      '--',
      join(ROOT, 'makeflows', 'train', 'analysis.sh'),
      'a.csv',
    );
    expect(code).toBe(0);
    expect((await relval.run('run', join(ROOT, 'makeflows', 'train', 'workflow.yaml'), '--local')).code).toBe(0);
  });

  it.each([
    ['a script that is not executable', ['--local', '--', './plain.sh'], /not executable[\s\S]*chmod \+x/],
    ['one that is not there', ['--local', '--', './nothing.sh'], /no such file/],
    ['no command', ['--local'], /a command is missing/],
    ['no place to run it', ['--', './plain.sh'], /--local[\s\S]*--catalog HOST:PORT/],
    ['an input that is not there', ['--local', '--input', 'x', '--', 'true'], /--input x: no such file/],
    ['a memory that is none', ['--local', '--memory', 'much', '--', 'true'], /--memory much/],
  ])('refuses %s, and leaves nothing', async (_what, args, message) => {
    file('plain.sh', 'true\n');
    const { code, stderr } = await relval.run('exec', ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(runNames(relval.runs)).toEqual([]);
  });

  it('refuses to send a huge directory, and says what to do', async () => {
    const script = file('big/run.sh', '#!/bin/sh\necho alone\n', 0o755);
    for (let i = 0; i <= 10_000; i++) writeFileSync(join(dirname(script), `f${i}`), '');
    const { code, stderr } = await relval.run('exec', '--local', '--', script);
    expect(stderr).toMatch(/more than 200 MB or 10000 files[\s\S]*--no-directory/);
    expect(code).toBe(2);
    expect((await relval.run('exec', '--local', '--no-directory', '--', script)).stdout).toContain('alone\n');
  });
});

describe('a pre-flight check that fails', () => {
  it('makes the run broken, with the reason in its report, before anything has run', async () => {
    const workflow = file(
      'w.yaml',
      'name: w\njdl: { Packages: ["VO_ALICE@X::v2"] }\nstages: [{ name: a, command: "true" }]\n',
    );
    const alienv = file('alienv', '#!/bin/sh\necho VO_ALICE@X::v1\n', 0o755);
    const { code, stdout } = await relval.run('run', workflow, '--local', '--alienv', alienv);
    expect(code).toBe(3);
    expect(stdout).toContain('pre-flight: packages: not published: VO_ALICE@X::v2');
    const { directory, status } = await relval.onlyRun();
    expect(status).toBe('broken');
    const report = JSON.parse(readFileSync(join(directory, 'report', 'report.json'), 'utf8'));
    expect(report.provenance['pre-flight checks'].join()).toContain('failed: not published');
    expect(existsSync(join(directory, 'steps'))).toBe(false);
    const check = await relval.run('check', workflow, '--alienv', alienv, '--json');
    expect(check.code).toBe(3);
    expect(JSON.parse(check.stdout)).toContainEqual(expect.objectContaining({ name: 'packages', state: 'failed' }));
  });
});

describe('a nightly', () => {
  const nightlyFile = (more: string) => {
    file('alienv', '#!/bin/sh\necho VO_ALICE@X::vAN-20261109-1\necho VO_ALICE@X::vAN-20261120-1\n', 0o755);
    file(
      'w.yaml',
      'name: w\njdl: { Packages: ["VO_ALICE@X::v1"], EnvironmentCommand: "true" }\nstages: [{ name: a, command: "sleep $SECONDS_TO_SLEEP", environment: { SECONDS_TO_SLEEP: "{x}" } }]\n'.replace(
        '{x}',
        more.includes('slow') ? '60' : '0',
      ),
    );
    return file(
      'nightly.yaml',
      `defaults: { timeZone: UTC, local: true, alienv: ${relval.dir}/alienv }\nnightlies:\n  n: { run: w.yaml, cron: "* * * * *", release: { package: X, newest: vAN-* }, ${more.replace('slow', '')} }\n`,
    );
  };

  it('starts when it is called in time, with the newest release', async () => {
    const { code, stderr } = await relval.run('run', 'n', '--nightly', nightlyFile('retention: { keep: 3 }'));
    expect(stderr).not.toContain('relval:');
    expect(code).toBe(0);
    expect(await relval.onlyRun()).toMatchObject({ name: 'n', release: 'X::vAN-20261120-1', status: 'passed' });
  });

  it('that comes too late, or finds no release, is a broken run that says why', async () => {
    const text = readFileSync(nightlyFile(''), 'utf8');
    const [hour, day] = [new Date(Date.now() - 5 * 3_600_000), ''];
    const late = file(
      'nightly.yaml',
      text.replace('cron: "* * * * *"', `at: "${hour.toISOString().slice(11, 16)}"${day}`),
    );
    const { code, stdout } = await relval.run('run', 'n', '--nightly', late);
    expect(code).toBe(3);
    expect(stdout).toMatch(/BROKEN[\s\S]*not started: it was due 5 h .*ago/);
    file('nightly.yaml', text.replace('vAN-*', 'vXX-*'));
    const none = await relval.run('run', 'n', '--nightly', late, '--any-time');
    expect(none.code).toBe(3);
    expect(none.stdout).toContain('no version of X like vXX-* is published');
  });

  it('skips while the one of yesterday runs, or stops it', async () => {
    const nightly = nightlyFile('slow');
    const first = relval.start('run', 'n', '--nightly', nightly);
    await until('the first to run', 60, async () => {
      const { stdout } = await relval.run('list', '--json');
      return JSON.parse(stdout).some((one: { status: string }) => one.status === 'running') || undefined;
    });
    const second = await relval.run('run', 'n', '--nightly', nightly);
    expect(second.code).toBe(3);
    expect(second.stdout).toMatch(/not started: n-[\d-]+, which has run for .* has not ended/);
    writeFileSync(nightly, readFileSync(nightly, 'utf8').replace('run: w.yaml', 'run: w.yaml, whenRunning: stop'));
    writeFileSync(join(relval.dir, 'w.yaml'), readFileSync(join(relval.dir, 'w.yaml'), 'utf8').replace('"60"', '"0"'));
    const third = await relval.run('run', 'n', '--nightly', nightly);
    expect((await first.ended).code).toBe(130);
    expect(third.code, third.stderr + third.stdout).toBe(0);
  });

  it('is started as each scheduler would start it', async () => {
    const nightly = nightlyFile('');
    const triggered = await relval.run('schedule', 'trigger', 'n', '--to', 'cron', '--file', nightly);
    expect(triggered.code).toBe(0);
    expect(
      (await relval.run('schedule', 'apply', 'n', '--to', 'systemd', '--units', 'units', '--file', nightly)).code,
    ).toBe(0);
    const unit = readFileSync(join(relval.dir, 'units', 'relval-n.service'), 'utf8');
    expect(unit).toMatch(/^ExecStart=:\S+node \S+main\.js run n --nightly \S+nightly\.yaml$/m);
    const shown = JSON.parse((await relval.run('schedule', 'show', '--file', nightly, '--json')).stdout);
    expect(shown[0].next).toHaveLength(5);
  });
});

describe('relval gc', () => {
  it('shows what would go, removes it, and keeps the last good one', async () => {
    const workflow = file('w.yaml', 'name: w\nstages: [{ name: a, command: "true" }]\n');
    for (let i = 0; i < 3; i++) expect((await relval.run('run', workflow, '--local')).code).toBe(0);
    const before = runNames(relval.runs).length;
    for (const flags of [['--dry-run'], []]) {
      const { stdout, code } = await relval.run('gc', '--keep', '1', ...flags);
      expect(code).toBe(0);
      expect(stdout).toMatch(/2 of 3 runs would be removed, which frees \d/);
      expect(runNames(relval.runs)).toHaveLength(before);
    }
    expect((await relval.run('gc', '--keep', '0', '--yes')).stdout).toContain('2 runs removed');
    expect(await relval.onlyRun()).toMatchObject({ status: 'passed' });
    expect((await relval.run('gc')).stderr).toMatch(/--older-than 30d/);
  });

  it('removes a run, or it is resumed, but never both', async () => {
    const workflow = file('w.yaml', 'name: w\nstages: [{ name: a, command: "true" }]\n');
    for (let i = 0; i < 3; i++) {
      expect((await relval.run('run', workflow, '--local', '--proxy', 'none')).code).toBe(3);
      const { id, directory } = await relval.onlyRun();
      const resuming = relval.run('resume', id);
      await new Promise((resolve) => setTimeout(resolve, i * 150));
      const gc = await relval.run('gc', '--keep', '0', '--yes');
      const resumed = await resuming;
      const gone = !existsSync(directory);
      expect(gc.stdout, gc.stderr).toMatch(gone ? /1 run removed/ : /0 of 1 runs would be removed|0 runs removed/);
      expect(resumed.code, resumed.stderr).toBe(gone ? 2 : 0);
      rmSync(relval.runs, { recursive: true, force: true });
    }
  });
});
