import { dirname } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Chronos } from '../../../validation/schedule/chronos.ts';
import { chronosJobs, isSameJob } from '../../../validation/schedule/chronos-job.ts';
import { type ChronosStandIn, startChronos, type Trouble } from './chronos-server.ts';
import { nightlyOf } from './nightlies.ts';

const now = Date.parse('2026-11-22T19:00:00Z');

async function standIn(trouble?: Trouble): Promise<ChronosStandIn> {
  const server = await startChronos(trouble);
  onTestFinished(() => server.close());
  return server;
}

const chronos = (...servers: { address: string }[]) =>
  new Chronos({ addresses: servers.map(({ address }) => address), patience: 300 });

describe('the job of a nightly in Chronos', () => {
  it('starts by the clock of its zone, and may start late', () => {
    const nightly = nightlyOf(
      'run: x.jdl\nat: "02:00"\nstartWithin: 2h\nowner: a@b.ch\nresources: { cores: 1, memory: 2GB }\nenvironment: { A: 1 }',
    );
    expect(chronosJobs(nightly, now)).toEqual([
      {
        name: 'relval.mc',
        command: `'relval' 'run' 'mc' '--nightly' '${nightly.file}'`,
        schedule: 'R/2026-11-23T02:00:00Z/P1D',
        scheduleTimeZone: 'Europe/Zurich',
        epsilon: 'PT7200S',
        owner: 'a@b.ch',
        cpus: 1,
        mem: 2048,
        disk: 1024,
        retries: 0,
        async: false,
        disabled: false,
        concurrent: true,
        environmentVariables: [{ name: 'A', value: '1' }],
        constraints: [],
      },
    ]);
  });

  it('is one for each time of the week where not every day is meant', () => {
    const jobs = chronosJobs(nightlyOf('run: x.jdl\nat: "02:30"\ndays: [mon, sun]'), now);
    expect(jobs.map(({ name, schedule }) => [name, schedule])).toEqual([
      ['relval.mc.sun-0230', 'R/2026-11-29T02:30:00Z/P7D'],
      ['relval.mc.mon-0230', 'R/2026-11-23T02:30:00Z/P7D'],
    ]);
    expect(chronosJobs(nightlyOf('run: x.jdl\ncron: "0 2,14 * * *"'), now).map(({ name }) => name)).toEqual([
      'relval.mc.0200',
      'relval.mc.1400',
    ]);
  });

  it('cannot be made of times that do not repeat by day or week', () => {
    expect(() => chronosJobs(nightlyOf('run: x.jdl\ncron: "0 2 1 * *"'), now)).toThrow(/fixed period/);
    expect(() => chronosJobs(nightlyOf('run: x.jdl\ncron: "*/10 * * * *"'), now)).toThrow(/144 jobs/);
  });

  it('in an image sees its file, its input, its runs and the password', () => {
    const nightly = nightlyOf(
      'run: /data/jdl/x.jdl\nat: "02:00"\nruns: /data/runs\nimage: relval:1\npassword: /secrets/wq/password\nvolumes: [{ hostPath: /cvmfs, containerPath: /cvmfs }]',
    );
    const dir = dirname(nightly.file);
    expect(chronosJobs(nightly, now)[0]?.container).toEqual({
      type: 'DOCKER',
      image: 'relval:1',
      network: 'HOST',
      volumes: [
        { hostPath: '/cvmfs', containerPath: '/cvmfs', mode: 'RO' },
        { hostPath: '/data/runs', containerPath: '/data/runs', mode: 'RW' },
        { hostPath: dir, containerPath: dir, mode: 'RO' },
        { hostPath: '/data/jdl', containerPath: '/data/jdl', mode: 'RO' },
        { hostPath: '/secrets/wq', containerPath: '/secrets/wq', mode: 'RO' },
      ],
    });
  });

  it('is the same when only its start has moved on, and another when anything else has changed', () => {
    const [job] = chronosJobs(nightlyOf('run: x.jdl\nat: "02:30"\ndays: [mon]'), now);
    if (!job) throw new Error('no job');
    const listed = { ...job, successCount: 3, schedule: 'R/2026-12-07T02:30:00.000+01:00/P1W' };
    expect(isSameJob(job, listed)).toBe(true);
    expect(isSameJob(job, { ...listed, schedule: 'R/2026-12-08T02:30:00.000+01:00/P1W' })).toBe(false);
    expect(isSameJob(job, { ...listed, schedule: 'R/2026-12-07T03:30:00.000+01:00/P1W' })).toBe(false);
    expect(isSameJob(job, { ...listed, schedule: 'garbage' })).toBe(false);
    expect(isSameJob(job, { ...listed, mem: 1 })).toBe(false);
    expect(isSameJob(job, { ...listed, environmentVariables: [{ name: 'A', value: '1' }] })).toBe(false);
    const { constraints: _constraints, ...without } = listed;
    expect(isSameJob(job, without)).toBe(true);
  });
});

describe('Chronos', () => {
  it('gets a nightly once, again after a change, and removed jobs disappear', async () => {
    const server = await standIn();
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    server.jobs.set('relval.mc-long', { name: 'relval.mc-long' });
    expect(await chronos(server).apply(nightly, now, true)).toEqual([{ what: 'created', name: 'relval.mc' }]);
    expect(server.jobs.has('relval.mc')).toBe(false);
    expect(await chronos(server).apply(nightly, now, false)).toEqual([{ what: 'created', name: 'relval.mc' }]);
    server.requests.length = 0;
    expect(await chronos(server).apply(nightly, now + 86_400_000, false)).toEqual([
      { what: 'unchanged', name: 'relval.mc' },
    ]);
    expect(server.requests).toEqual([expect.stringMatching('^GET /v1/scheduler/jobs/search\\?name=relval\\.mc&')]);
    const weekly = { ...nightly, times: { cron: '0 2 * * 1,2', timeZone: 'Europe/Zurich' } };
    expect(await chronos(server).apply(weekly, now, false)).toEqual([
      { what: 'created', name: 'relval.mc.mon-0200' },
      { what: 'created', name: 'relval.mc.tue-0200' },
      { what: 'removed', name: 'relval.mc' },
    ]);
    const later = { ...weekly, startWithin: 60 };
    expect((await chronos(server).apply(later, now, false)).map(({ what }) => what)).toEqual(['updated', 'updated']);
    expect([...server.jobs.keys()].sort()).toEqual(['relval.mc-long', 'relval.mc.mon-0200', 'relval.mc.tue-0200']);
    expect(server.jobs.get('relval.mc.mon-0200')?.epsilon).toBe('PT60S');
  });

  it('of version 3, which has no epsilon and no async, gets a nightly once too', async () => {
    const server = await standIn({ version: 3 });
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    const apply = async (change = {}) => {
      const [one] = await chronos(server).apply({ ...nightly, ...change }, now, false);
      return one?.what;
    };
    expect(await apply()).toBe('created');
    expect(await apply()).toBe('unchanged');
    expect(await apply({ owner: 'a@b.ch' })).toBe('updated');
  });

  it('has all jobs of a nightly found, however many there are of others', async () => {
    const server = await standIn();
    for (let i = 0; i < 20; i++) server.jobs.set(`relval.mc-${i}`, { name: `relval.mc-${i}` });
    const often = nightlyOf('run: x.jdl\ncron: "0 2,5,8,11,14,17,20 * * 6,0"');
    const what = async () => new Set((await chronos(server).apply(often, now, false)).map((one) => one.what));
    expect(await what()).toEqual(new Set(['created']));
    expect(await what()).toEqual(new Set(['unchanged']));
    expect(await chronos(server).remove('mc', false)).toHaveLength(14);
    expect(server.jobs.size).toBe(20);
  });

  it('starts a nightly now, and forgets it', async () => {
    const server = await standIn();
    const nightly = nightlyOf('run: x.jdl\nat: "02:00"');
    await expect(chronos(server).trigger('mc', '--any-time', false)).rejects.toThrow(/no job for mc/);
    await chronos(server).apply(nightly, now, false);
    await chronos(server).trigger('mc', '--any-time', false);
    expect(server.started).toEqual(['relval.mc --any-time']);
    expect(await chronos(server).remove('mc', true)).toEqual([{ what: 'removed', name: 'relval.mc' }]);
    expect(server.jobs.size).toBe(1);
    expect(await chronos(server).remove('mc', false)).toEqual([{ what: 'removed', name: 'relval.mc' }]);
    expect(server.jobs.size).toBe(0);
    expect(await chronos(server).remove('mc', false)).toEqual([{ what: 'absent', name: 'relval.mc' }]);
  });

  it('is found through an instance that is not the leader, and although one is down', async () => {
    const leader = await standIn();
    const other = await standIn({ redirectTo: leader.address });
    const down = await startChronos();
    await down.close();
    await chronos(down, other).apply(nightlyOf('run: x.jdl\nat: "02:00"'), now, false);
    expect(leader.jobs.has('relval.mc')).toBe(true);
    expect(other.requests).toContain('POST /v1/scheduler/iso8601');
  });

  it('gets user and password, also after a redirect, and reports wrong ones', async () => {
    const leader = await standIn({ credentials: 'me:secret' });
    const other = await standIn({ redirectTo: leader.address });
    const of = (credentials?: string) => new Chronos({ addresses: [other.address], credentials });
    expect(await of('me:secret').jobsOf('mc')).toEqual([]);
    await expect(of('me:wrong').jobsOf('mc')).rejects.toThrow(/401.*who are you\?[\s\S]*--chronos-credentials/);
    await expect(of().jobsOf('mc')).rejects.toThrow(/401/);
  });

  it.each<[string, Trouble, RegExp]>([
    ['refuses', { status: 400, body: 'Unrecognized field "x"' }, /400: Unrecognized field/],
    ['is in trouble', { status: 503, body: '<html><b>down</b></html>' }, /503: down/],
    [
      'answers with something else',
      { body: '<html>hello</html>' },
      /did not answer with a list of jobs, but with: hello/,
    ],
    ['does not answer', { mood: 'hang' }, /no instance of Chronos answered/],
    ['hangs up', { mood: 'cut' }, /no instance of Chronos answered/],
  ])('that %s is told as it is', async (_what, trouble, message) => {
    const server = await standIn(trouble);
    await expect(chronos(server).jobsOf('mc')).rejects.toThrow(message);
  });

  it('that sends us in circles is given up', async () => {
    let address = '';
    const server = await standIn({ redirectTo: () => address });
    address = server.address;
    await expect(chronos(server).jobsOf('mc')).rejects.toThrow(/do not agree which of them is the leader/);
  });

  it('never leads from https to http', async () => {
    const server = await standIn({ redirectTo: 'ftp://somewhere' });
    await expect(chronos(server).jobsOf('mc')).rejects.toThrow(/would send the password unencrypted/);
  });
});
