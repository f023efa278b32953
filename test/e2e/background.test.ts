import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockRun } from '../../validation/runs/store/lock.ts';
import { CLI, eventsOf, Relval, until } from './relval.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

/** Steps that wait for a file each, so that a test decides when they end. */
function gated(steps: number): { file: string; open: (index: number) => void } {
  const folder = join(relval.dir, 'original');
  mkdirSync(folder);
  const gate = join(relval.dir, 'gate');
  const file = join(folder, 'w.yaml');
  writeFileSync(join(folder, 'wait.sh'), `echo begun $1\nuntil [ -e ${gate}.$1 ]; do sleep 0.1; done\necho ended $1\n`);
  writeFileSync(
    file,
    `name: w
defaults: { resources: { disk: 10 MB, memory: 50 MB } }
stages:
  - name: wait
    each: { jobs: 1-${steps} }
    executable: wait.sh
    arguments: '#alien_counter#'
  - { name: last, after: [wait], command: 'echo all done' }
`,
  );
  return { file, open: (index) => writeFileSync(`${gate}.${index}`, '') };
}

async function background(file: string, ...more: string[]): Promise<{ id: string; run: string; pid: number }> {
  const { code, stdout, stderr } = await relval.run(
    ...['run', file, '--local', '--local-cpus', '2', '--no-check', '--detach', '--json', ...more],
  );
  expect(code, stdout + stderr).toBe(0);
  const { id, directory: run, pid } = JSON.parse(stdout);
  return { id, run, pid };
}

const gone = (): Promise<true> => until('everything to end', 30, () => relval.processes().length === 0 || undefined);

describe('a run in the background', () => {
  it('is followed, stopped and resumed from other processes, also when its input is gone', async () => {
    const { file, open } = gated(2);
    const { id, run, pid } = await background(file);
    // a session of its own, without a terminal: what ends ours does not end it
    expect(
      execFileSync('ps', ['-o', 'sid=,tty=', '-p', String(pid)], { encoding: 'utf8' })
        .trim()
        .split(/\s+/),
    ).toEqual([String(pid), '?']);
    const follow = relval.start('logs', id, 'wait0001', '--follow');
    let seen = '';
    follow.child.stdout?.on('data', (chunk) => {
      seen += chunk;
    });
    await until('the log of a step that runs', 30, () => seen.includes('begun 1') || undefined);
    expect((await relval.run('status', id)).stdout).toMatch(/wait .*2 running/);
    const refused = await relval.run('resume', id);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`${id} is running`);

    open(1);
    const ended = await follow.ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('ended 1\n');

    await until(
      'the end of the first step in the events',
      20,
      () => eventsOf(run).some((event) => event.type === 'step-ended') || undefined,
    );
    const stopped = await relval.run('stop', id);
    expect(stopped.code, stopped.stderr).toBe(0);
    await gone();
    expect((await relval.run('status', id)).stdout).toContain('interrupted');
    expect((await relval.run('stop', id)).code).toBe(2);

    rmSync(join(relval.dir, 'original'), { recursive: true });
    open(2);
    const resumed = await relval.run('resume', id, '--detach');
    expect(resumed.code, resumed.stderr).toBe(0);
    const status = await relval.run('status', id, '--follow');
    expect(status.stdout).toContain('passed');
    expect(readdirSync(join(run, 'steps', 'wait0001'))).toEqual(['1']);
    expect(readdirSync(join(run, 'steps', 'wait0002'))).toEqual(['1', '2']);
    expect(readFileSync(join(run, 'steps', 'wait0002', '1', 'stdout.log'), 'utf8')).toContain('begun 2');
    expect(JSON.parse(readFileSync(join(run, 'steps', 'wait0002', '1', 'result.json'), 'utf8')).message).toMatch(
      /stopped/,
    );
    await gone();
  });

  it('has its page, its configuration and who is told of it, as it would have in the foreground', async () => {
    const { file, open } = gated(1);
    const told: string[] = [];
    const jira = createServer((request, response) => {
      told.push(request.url ?? '');
      request.resume().once('end', () => response.writeHead(201).end('{}'));
    });
    await new Promise<void>((resolve) => jira.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(jira.address() as AddressInfo).port}`;
    writeFileSync(join(relval.dir, 'token'), 'secret\n', { mode: 0o600 });
    const channel = `{ type: jira, url: "${url}", tokenFile: ${relval.dir}/token, events: [started, finished] }`;
    writeFileSync(join(relval.dir, 'other.yaml'), `notify: { channels: [${channel}] }\n`);
    const flags = ['--config', 'other.yaml', '--jira', 'REL-7', '--page'];
    try {
      const { stdout, code } = await relval.run('run', file, '--local', '--no-check', '--detach', '--json', ...flags);
      expect(code, stdout).toBe(0);
      const { id, page } = JSON.parse(stdout);
      const answer = await fetch(page);
      expect(answer.status).toBe(200);
      expect(page).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:\\d+/runs/${id}$`));
      open(1);
      expect((await relval.run('status', id, '--follow')).stdout).toContain('passed');
      await gone();
      expect(told).toEqual(Array(2).fill('/rest/api/2/issue/REL-7/comment'));
      const quiet = await relval.run('run', file, '--local', '--no-check', '--detach', '--no-notify', ...flags);
      expect(quiet.stdout).toMatch(/^ {2}page: http:\S+$/m);
      expect((await relval.run('status', '--follow')).stdout).toContain('passed');
      await gone();
      expect(told).toHaveLength(2);
    } finally {
      await new Promise((resolve) => jira.close(resolve));
    }
  });

  it('that was moved or copied goes on only where its steps store what they make', async () => {
    const { file, open } = gated(1);
    const { id, run } = await background(file);
    expect((await relval.run('stop', id)).code).toBe(0);
    await gone();
    const other = join(relval.dir, 'other', id);
    cpSync(run, other, { recursive: true });
    const copied = await relval.run('resume', other);
    expect(copied.stderr).toMatch(/was started in .*\n.* is a copy: resume the original run/);
    rmSync(run, { recursive: true });
    const moved = await relval.run('resume', other);
    expect(moved).toMatchObject({ code: 2 });
    const [, from = '', to = ''] = /ln -s '?(\S+?)'? '?(\S+?)'?$/m.exec(moved.stderr) ?? [];
    expect([from, to]).toEqual([other, run]);
    expect((await relval.run('status', other)).stdout).toContain('interrupted');
    symlinkSync(from, to);
    open(1);
    const resumed = await relval.run('resume', other);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect((await relval.run('status', id)).stdout).toContain('passed');
  });

  it('is refused by resume too where no worker could run, whatever its name leads to', async () => {
    const { file } = gated(1);
    const { id, run } = await background(file);
    expect((await relval.run('stop', id)).code).toBe(0);
    await gone();
    const other = join(relval.dir, 'my runs', id);
    mkdirSync(join(relval.dir, 'my runs'));
    renameSync(run, other);
    symlinkSync(other, run);
    const { code, stderr } = await relval.run('resume', id);
    expect(code).toBe(2);
    expect(stderr).toContain(`cannot run below ${join(relval.dir, 'my runs')}, because its name contains " "`);
  });

  it('of another user is not stopped, and it is said who can', async () => {
    const { file, open } = gated(1);
    const { id } = await background(file);
    chmodSync(relval.dir, 0o755);
    const nobody = (...command: string[]) =>
      spawnSync('setpriv', ['--reuid', '65534', '--clear-groups', ...command], { encoding: 'utf8', cwd: '/' });
    // Only root can become another user, who can only run a checkout that he may read.
    if (nobody('test', '-r', CLI).status === 0) {
      const { status, stderr } = nobody(process.execPath, CLI, 'stop', id, '--runs', relval.runs);
      expect(stderr).toMatch(/only its owner root can stop it/);
      expect(status).toBe(2);
    }
    open(1);
    expect((await relval.run('status', id, '--follow')).stdout).toContain('passed');
    expect((await relval.run('stop', id)).stderr).toContain('does not run: it is passed');
  });

  it('tells what keeps it from starting, with status 2', async () => {
    const { file } = gated(1);
    const bad = await relval.run('run', join(relval.dir, 'none.yaml'), '--local', '--detach');
    expect(bad.code).toBe(2);
    const address = await relval.run('run', file, '--local', '--no-check', '--detach', '--log-address', 'localhost:1x');
    expect(address.code).toBe(2);
    expect(address.stderr).toContain('--log-address');
    expect(relval.processes()).toEqual([]);
  });

  it('can be resumed by one only', async () => {
    const { file, open } = gated(1);
    const { id, run, pid } = await background(file);
    process.kill(pid, 'SIGKILL');
    open(1);
    const lock = await until('the lock', 30, () => lockRun(run));
    const refused = await relval.run('resume', id);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('its makeflow still runs');
    lock.release();
    const both = await Promise.all([relval.run('resume', id), relval.run('resume', id)]);
    expect(both.map(({ code }) => code).sort()).toEqual([0, 2]);
    expect(eventsOf(run).filter(({ type }) => type === 'resumed')).toHaveLength(1);
  });

  it('is not disturbed by another one in the same directory', async () => {
    const { file, open } = gated(2);
    const [first, second] = await Promise.all([background(file, '--name', 'a'), background(file, '--name', 'b')]);
    for (const index of [1, 2]) open(index);
    for (const { id } of [first, second]) {
      const { stdout } = await relval.run('status', id, '--follow', '--json');
      expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
        status: 'passed',
        counts: { succeeded: 3 },
      });
    }
    await gone();
  });
});

/** A disk of 1.5 GB, of which the host only stores what is written. @returns undefined where disks cannot be mounted */
function mountDisk(at: string): string | undefined {
  const image = join(relval.dir, 'disk.img');
  mkdirSync(at);
  try {
    execFileSync('truncate', ['-s', '1500M', image]);
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop', image, at], { stdio: 'pipe' });
    return at;
  } catch {
    return undefined;
  }
}

describe('a full disk', () => {
  it('ends a run with a clear message; with space again it goes on', async (context) => {
    const disk = mountDisk(relval.runs);
    if (!disk) return context.skip('needs the right to mount a disk image');
    try {
      const filler = join(disk, 'filler');
      const { file, open } = gated(2);
      const { ended } = relval.start('run', file, '--local', '--local-cpus', '2', '--no-check');
      const run = await until('the run', 30, () => {
        const name = readdirSync(disk).find((one) => existsSync(join(disk, one, 'events.ndjson')));
        return name && join(disk, name);
      });
      const count = (type: string): number => eventsOf(run).filter((event) => event.type === type).length;
      await until('both steps', 30, () => count('step-connected') === 2 || undefined);
      open(1);
      await until('the end of one', 30, () => count('step-ended') === 1 || undefined);
      fill(filler);
      const { code, stderr } = await ended;
      expect(code, stderr).toBe(3);
      expect(stderr).toMatch(/the disk of .* is full/);
      expect(stderr).toMatch(/Then resume the run: \S+ resume w-/);
      await gone();
      expect((await relval.run('resume', 'last')).stderr).toContain('is full');

      rmSync(filler);
      open(2);
      const resumed = await relval.run('resume', 'last');
      expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
      expect(readdirSync(join(run, 'steps', 'wait0001'))).toEqual(['1']);
      expect(readFileSync(join(run, 'steps', 'wait0002', '1', 'stdout.log'), 'utf8')).toContain('begun 2');
    } finally {
      for (const { pid } of relval.processes()) process.kill(pid, 'SIGKILL');
      execFileSync('umount', ['-l', disk]);
    }
  });
});

/** Takes all space that there is, without writing it. */
function fill(path: string): void {
  for (const size of ['1G', '100M', '10M', '1M', '100K', '4K']) {
    for (let n = 0; n < 100; n++) {
      try {
        execFileSync('fallocate', ['-o', String(existsSync(path) ? statSync(path).size : 0), '-l', size, path], {
          stdio: 'pipe',
        });
      } catch {
        break;
      }
    }
  }
}
