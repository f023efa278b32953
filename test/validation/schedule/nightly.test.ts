import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandOf, findNightly, loadNightlies } from '../../../validation/schedule/nightly.ts';
import { nightlyFile, nightlyOf } from './nightlies.ts';

describe('a file of nightlies', () => {
  it('gives each nightly the defaults, absolute paths and a cron expression', () => {
    const file = nightlyFile(
      'run: sub/gpmc.jdl\nat: "02:05"\ndays: [fri, mon]\nrelease: { package: AliPhysics, newest: vAN-* }\nresources: { memory: 2GB }',
      'timeZone: Europe/Zurich, catalog: "cat.example.org:9097", startWithin: 90m, owner: ops@example.org, retention: { keep: 14 }',
    );
    expect(findNightly(file, 'mc')).toMatchObject({
      name: 'mc',
      file,
      input: join(dirname(file), 'sub/gpmc.jdl'),
      runs: join(dirname(file), 'runs'),
      times: { cron: '5 2 * * 1,5', timeZone: 'Europe/Zurich' },
      catalog: 'cat.example.org:9097',
      local: false,
      startWithin: 5400,
      whenRunning: 'skip',
      owner: 'ops@example.org',
      retention: { keep: 14 },
      resources: { cores: 0.5, memory: 2048, disk: 1024 },
      release: { package: 'AliPhysics', newest: 'vAN-*' },
    });
  });

  it('lets a nightly run here where the defaults name a cluster', () => {
    expect(nightlyOf('run: x.jdl\nat: "02:00"\nlocal: true', 'timeZone: UTC, catalog: "h:1"')).toMatchObject({
      local: true,
    });
    expect(nightlyOf('run: x.jdl\nat: "02:00"\nlocal: true', 'timeZone: UTC, catalog: "h:1"').catalog).toBeUndefined();
  });

  it('is called by the same command line everywhere', () => {
    const nightly = nightlyOf('run: x.jdl\ncron: "0 2 * * *"');
    expect(commandOf(nightly, ['/usr/bin/node', '/opt/main.js'])).toEqual([
      '/usr/bin/node',
      '/opt/main.js',
      'run',
      'mc',
      '--nightly',
      nightly.file,
    ]);
    expect(commandOf(nightlyOf('run: x.jdl\ncron: "0 2 * * *"\nrelval: /opt/relval'), ['x'])[0]).toBe('/opt/relval');
  });

  it.each([
    ['run: x.jdl\nat: "25:00"', 5, /nightlies\.mc\.at: expected a time/],
    ['run: x.jdl', 3, /either a time .* or cron/],
    ['run: x.jdl\nat: "02:00"\ncron: "0 2 * * *"', 5, /either a time .* or cron/],
    ['run: x.jdl\ncron: "0 2 * * *"\ndays: [mon]', 6, /days can be used only with at/],
    ['run: x.jdl\ncron: "0 2 30 2 *"', 5, /matches no date/],
    ['run: x.jdl\ncron: "0 26 * * *"', 5, /0 to 23/],
    ['run: x.jdl\nat: "02:00"\nwhenRunning: kill', 6, /skip/],
    ['run: x.jdl\nat: "02:00"\nretries: 3\nreties: 3', 7, /unknown key 'reties'/],
    ['run: x.jdl\nat: "02:00"\nrelease: { package: A, tag: v1, newest: v* }', 6, /one of tag, newest and today/],
    ['run: x.jdl\nat: "02:00"\nrelease: { package: A, today: vAN }', 6, /%Y, %m and %d/],
    ['run: x.jdl\nat: "02:00"\ntimeZone: Mars/Base', 6, /time zone/],
    ['run: x.jdl\nat: "02:00"\nowner: me', 6, /e-mail/],
    ['run: x.jdl\nat: "02:00"\nstartWithin: soon', 6, /90m/],
  ])('with a mistake (%j) is refused with its line', (lines, line, message) => {
    const load = () => loadNightlies(nightlyFile(lines));
    expect(load).toThrow(message);
    expect(load).toThrow(new RegExp(`nightly\\.yaml:${line}:\\d+: `));
  });

  it('needs a time zone and a place to run', () => {
    expect(() => nightlyOf('run: x.jdl\nat: "02:00"', 'local: true')).toThrow(/timeZone is missing/);
    expect(() => nightlyOf('run: x.jdl\nat: "02:00"', 'timeZone: UTC')).toThrow(/local: true, or catalog/);
    expect(() => nightlyOf('run: x.jdl\nat: "02:00"', 'timeZone: UTC, local: true, catalog: "h:1"')).toThrow(
      /local: true, or catalog/,
    );
  });

  it('lists its nightlies if another one is requested', () => {
    expect(() => findNightly(nightlyFile('run: x\nat: "02:00"'), 'reco')).toThrow(
      /no nightly 'reco' .* It contains mc/,
    );
  });
});
