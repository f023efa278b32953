import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyUnits, calendarsOf, removeUnits, stateOfUnits, unitsOf } from '../../../validation/schedule/systemd.ts';
import { nextStarts } from '../../../validation/schedule/times.ts';
import { nightlyOf } from './nightlies.ts';

const relval = [process.execPath, '/opt/relval/main.js'];

/** The next starts by systemd itself. */
function elapses(calendar: string, count: number): number[] {
  const args = ['calendar', `--iterations=${count}`, '--base-time=2027-03-25 12:00:00 UTC', calendar];
  const text = execFileSync('systemd-analyze', args, {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  });
  return [...text.matchAll(/(?:Next elapse|Iter(?:\.|ation) #\d+): (.+ UTC)$/gm)].map(([, date]) =>
    Date.parse(date as string),
  );
}

describe('systemd', () => {
  it.each(['0 4 * * *', '15 4,16 * * 1-5', '0 5 1,15 * *', '*/30 1 * jan-apr *', '0 4 * * 0,6'])(
    'reads the times of %s as croner does, also when the clock is changed',
    (cron) => {
      const times = { cron, timeZone: 'Europe/Zurich' };
      const [calendar = '', ...others] = calendarsOf(times);
      expect(others).toEqual([]);
      expect(elapses(calendar, 12)).toEqual(nextStarts(times, Date.parse('2027-03-25T12:00:00Z'), 12));
    },
  );

  it('has a line for each where cron means day or weekday', () => {
    expect(calendarsOf({ cron: '0 2 1 * 1', timeZone: 'UTC' })).toEqual([
      'Mon *-*-* 02:00:00 UTC',
      '*-*-01 02:00:00 UTC',
    ]);
  });

  it('finds nothing wrong with the units, whatever characters are in them', async () => {
    const nightly = nightlyOf(
      'run: x.jdl\nat: "02:00"\ndays: [mon, tue]\ndescription: "100% of $HOME"\nenvironment: { A: "a b\\"c\\\\ $x %h", B: "1" }',
    );
    const directory = join(dirname(nightly.file), 'units $1 %n');
    mkdirSync(directory);
    const script = join(directory, 'rel "val"');
    writeFileSync(script, '#!/bin/sh\n');
    chmodSync(script, 0o755);
    await applyUnits(nightly, [script], { directory, systemctl: undefined }, false);
    const units = ['relval-mc.timer', 'relval-mc.service'].map((name) => join(directory, name));
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', '--recursive-errors=no', ...units],
      { encoding: 'utf8' },
    );
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('would report an invalid unit', async () => {
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    const directory = dirname(nightly.file);
    await applyUnits(nightly, ['/nowhere/relval'], { directory, systemctl: undefined }, false);
    const { status, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', join(directory, 'relval-mc.service')],
      { encoding: 'utf8' },
    );
    expect(stderr).toContain('/nowhere/relval');
    expect(status).not.toBe(0);
  });

  it('gets a nightly once, again when it has changed, and can be rid of it', async () => {
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    const directory = join(dirname(nightly.file), 'units');
    const log = join(dirname(nightly.file), 'systemctl.log');
    const systemctl = join(dirname(nightly.file), 'systemctl');
    writeFileSync(systemctl, `#!/bin/sh\necho "$*" >>'${log}'\n`);
    chmodSync(systemctl, 0o755);
    const options = { directory, systemctl: [systemctl, '--user'] };
    const apply = async (change = {}, dryRun = false) =>
      (await applyUnits({ ...nightly, ...change }, relval, options, dryRun)).map(({ what }) => what);
    expect(await apply({}, true)).toEqual(['created', 'created']);
    expect(existsSync(directory)).toBe(false);
    expect(await stateOfUnits(nightly, relval, options)).toBe('absent');
    expect(await apply()).toEqual(['created', 'created']);
    expect(await stateOfUnits(nightly, relval, options)).toBe('installed');
    expect(await apply()).toEqual(['unchanged', 'unchanged']);
    const changed = { times: { cron: '0 3 * * *', timeZone: 'UTC' } };
    expect(await stateOfUnits({ ...nightly, ...changed }, relval, options)).toBe('changed');
    expect(await apply(changed)).toEqual(['unchanged', 'updated']);
    expect((await removeUnits('mc', options, false)).map(({ what }) => what)).toEqual(['removed', 'removed']);
    expect((await removeUnits('mc', options, false)).map(({ what }) => what)).toEqual(['absent']);
    expect(readFileSync(log, 'utf8').trim().split('\n').slice(-2)).toEqual([
      '--user disable --now relval-mc.timer',
      '--user daemon-reload',
    ]);
    writeFileSync(systemctl, '#!/bin/sh\necho "Failed to connect to bus" >&2\nexit 1\n');
    await expect(apply()).rejects.toThrow(/daemon-reload failed: Failed to connect to bus/);
  });

  it('calls relval by absolute paths in the folder of the file', () => {
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    const { text } = unitsOf(nightly, relval).service;
    expect(text).toContain(`ExecStart=:${relval.join(' ')} run mc --nightly ${nightly.file}\n`);
    expect(text).toContain(`WorkingDirectory=${dirname(nightly.file)}\n`);
  });
});
