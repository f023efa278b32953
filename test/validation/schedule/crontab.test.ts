import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { applyCron, cronLines, removeCron, replaceLines, stateOfCron } from '../../../validation/schedule/crontab.ts';
import { nightlyOf } from './nightlies.ts';

const PATH = process.env.PATH;
afterEach(() => {
  process.env.PATH = PATH;
});

/** A `crontab` that keeps one table in a file. The real one has it in its spool. */
function fakeCrontab(dir: string, text: string): string {
  const table = join(dir, 'table');
  writeFileSync(
    join(dir, 'crontab'),
    text ||
      `#!/bin/sh
case $1 in
  -l) [ -e '${table}' ] || { echo "no crontab for $(id -un)" >&2; exit 1; }; cat '${table}' ;;
  -) cat >'${table}' ;;
esac
`,
  );
  chmodSync(join(dir, 'crontab'), 0o755);
  process.env.PATH = `${dir}${delimiter}${PATH}`;
  return table;
}

describe('the crontab', () => {
  it('runs the command of a nightly, with its environment, and keeps its output', () => {
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"\ndays: [mon]\nenvironment: { A: "50% \'x\' $HOME" }');
    const dir = dirname(nightly.file);
    const program = join(dir, 'rel val');
    writeFileSync(program, '#!/bin/sh\necho "$PWD: $A: $*"\n');
    chmodSync(program, 0o755);
    const [, zone, line = ''] = cronLines(nightly, [program]);
    expect(zone).toBe('CRON_TZ=Europe/Zurich');
    expect(line).toMatch(/^0 2 \* \* 1 cd /);
    // cron removes the backslash before percent signs, and gives the rest of the line to sh.
    const command = line.split(' ').slice(5).join(' ').replaceAll('\\%', '%');
    expect(command.replaceAll('50%', '')).not.toContain('%');
    expect(spawnSync('/bin/sh', ['-c', command]).status).toBe(0);
    expect(readFileSync(join(nightly.runs, 'nightly-mc.log'), 'utf8')).toBe(
      `${dir}: 50% 'x' $HOME: run mc --nightly ${nightly.file}\n`,
    );
  });

  it('keeps all other lines as they are', () => {
    const old = '# mine\nMAILTO=me\n1 1 * * * true';
    const once = replaceLines(`${old}\n`, 'mc', cronLines(nightlyOf('run: x.jdl\nat: "02:00"'), ['relval']));
    expect(once.startsWith(`${old}\n`)).toBe(true);
    const twice = replaceLines(`${once}2 2 * * * false\n`, 'mc', [
      '# relval nightly mc: written by relval schedule',
      'new',
      '# relval nightly mc: end',
    ]);
    expect(twice).toBe(
      `${old}\n# relval nightly mc: written by relval schedule\nnew\n# relval nightly mc: end\n2 2 * * * false\n`,
    );
    expect(replaceLines(twice, 'mc', undefined)).toBe(`${old}\n2 2 * * * false\n`);
    expect(replaceLines(twice, 'other', undefined)).toBe(twice);
    expect(replaceLines('', 'mc', undefined)).toBe('');
    expect(() => replaceLines('# relval nightly mc: written by relval schedule\n', 'mc', [])).toThrow(/crontab -e/);
  });

  it('gives the lines that follow the zone back that they had', async () => {
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    const table = fakeCrontab(dirname(nightly.file), '');
    const zones = () => readFileSync(table, 'utf8').match(/^CRON_TZ.*$/gm);
    await applyCron(nightly, ['relval'], false);
    expect(zones()).toEqual(['CRON_TZ=Europe/Zurich', 'CRON_TZ=""']);
    writeFileSync(table, `CRON_TZ = Asia/Tokyo\n0 1 * * * true\n${readFileSync(table, 'utf8')}CRON_TZ=Europe/Rome\n`);
    expect(await stateOfCron(nightly, ['relval'])).toBe('changed');
    await applyCron(nightly, ['relval'], false);
    const all = ['CRON_TZ = Asia/Tokyo', 'CRON_TZ=Europe/Zurich', 'CRON_TZ="Asia/Tokyo"', 'CRON_TZ=Europe/Rome'];
    expect(zones()).toEqual(all);
    expect(await stateOfCron(nightly, ['relval'])).toBe('installed');
  });

  it('gets a nightly once, again when it has changed, and can be rid of it', async () => {
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    const table = fakeCrontab(dirname(nightly.file), '');
    const apply = async (cron: string, dryRun = false) =>
      (await applyCron({ ...nightly, times: { cron, timeZone: 'UTC' } }, ['relval'], dryRun)).what;
    expect(await stateOfCron(nightly, ['relval'])).toBe('absent');
    expect(await apply('0 2 * * *', true)).toBe('created');
    expect(existsSync(table)).toBe(false);
    expect(await apply('0 2 * * *')).toBe('created');
    expect(await apply('0 2 * * *')).toBe('unchanged');
    expect(await apply('0 3 * * *')).toBe('updated');
    expect(await stateOfCron(nightly, ['relval'])).toBe('changed');
    expect((await removeCron('mc', false)).what).toBe('removed');
    expect((await removeCron('mc', false)).what).toBe('absent');
    expect(readFileSync(table, 'utf8')).toBe('');
  });

  it('is not changed and reported if it cannot be read or written', async () => {
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    fakeCrontab(dirname(nightly.file), '#!/bin/sh\necho "you are not allowed to use this program" >&2\nexit 1\n');
    await expect(applyCron(nightly, ['relval'], false)).rejects.toThrow(/crontab -l failed: you are not allowed/);
    fakeCrontab(
      dirname(nightly.file),
      '#!/bin/sh\n[ "$1" = -l ] && exit 0\necho "errors in crontab file" >&2\nexit 1\n',
    );
    await expect(applyCron(nightly, ['relval'], false)).rejects.toThrow(/refused the new lines: errors in/);
    process.env.PATH = '/nowhere';
    await expect(applyCron(nightly, ['relval'], false)).rejects.toThrow(/package cron or cronie/);
  });
});
