import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Relval, until } from './relval.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

function script(text: string): string {
  const path = join(relval.dir, 'run.sh');
  writeFileSync(path, `#!/bin/bash\n${text}`);
  chmodSync(path, 0o755);
  return path;
}

/** Prints on both streams, then waits for a file. */
const WAITING = 'echo first line; echo first trouble >&2; while [ ! -e "$1" ]; do sleep 0.1; done; echo last line\n';

describe('relval exec', () => {
  it('shows what the command prints while it runs, each stream on its own', async () => {
    const go = join(relval.dir, 'go');
    const { child, ended } = relval.start('exec', '--local', '--', script(WAITING), go);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    await until('the first line', 60, () => stdout.includes('first line\n') || undefined);
    await until('the first line on stderr', 10, () => stderr.includes('first trouble\n') || undefined);
    expect(child.exitCode).toBeNull();
    expect(stderr).not.toContain('succeeded');
    writeFileSync(go, '');
    const end = await ended;
    expect(end.code, end.stderr).toBe(0);
    expect(end.stdout).toMatch(/^\+ bash \.\/exec\.sh\nfirst line\nlast line\n$/);
    expect(end.stderr).toMatch(
      /exec runs on [\s\S]*first trouble\n[\s\S]*exec succeeded[\s\S]*PASSED[\s\S]*\nlogs: {3}\S+ logs \S+ exec\noutput: /,
    );
  });

  it('shows every attempt, and says between unfinished lines what it has to say on lines of its own', async () => {
    const marker = join(relval.dir, 'marker');
    // A step whose shell is killed is tried again.
    const text = `printf attempt >&2; if [ ! -e "$1" ]; then until [ -e "$1" ]; do sleep 0.1; done; kill -9 $PPID; sleep 60; fi; printf ' two'\n`;
    const { child, ended } = relval.start('exec', '--local', '--', script(text), marker);
    let seen = '';
    child.stderr?.on('data', (chunk) => {
      seen += chunk;
    });
    await until('the first attempt', 60, () => /^attempt/m.test(seen) || undefined);
    writeFileSync(marker, '');
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(0);
    expect(stderr.match(/^attempt$/gm), stderr).toHaveLength(2);
    expect(stderr).toMatch(/exec broken[^\n]*will be tried again/);
    expect(stdout.endsWith(' two')).toBe(true);
  });

  it('prints with --json the report alone on stdout', async () => {
    const { code, stdout, stderr } = await relval.run('exec', '--local', '--json', '--', script('echo out; exit 3\n'));
    expect(code, stderr).toBe(1);
    expect(stdout, stderr).not.toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'relval-report-1', verdict: 'failed' });
    expect(stderr).toMatch(/^out$/m);
  });

  it('goes on when nobody reads its output any more', async () => {
    const { child, ended } = relval.start(
      'exec',
      '--local',
      '--output',
      'made',
      '--',
      script('for i in {1..30}; do echo $i; sleep 0.1; done; touch made\n'),
    );
    await until(
      'some output',
      60,
      () => new Promise<true>((resolve) => child.stdout?.once('data', () => resolve(true))),
    );
    child.stdout?.destroy();
    expect((await ended).code).toBe(0);
  });

  it('runs in the background, and is what any run is', async () => {
    const go = join(relval.dir, 'go');
    const { code, stdout } = await relval.run('exec', '--local', '--detach', '--json', '--', script(WAITING), go);
    expect(code).toBe(0);
    const { id, directory } = JSON.parse(stdout);
    const following = relval.start('logs', id, 'exec', '--follow');
    await until('the command to run', 60, () => {
      try {
        return readFileSync(join(directory, 'steps', 'exec', '1', 'stdout.log'), 'utf8').includes('first') || undefined;
      } catch {
        return undefined;
      }
    });
    expect((await relval.run('stop', id)).stdout).toContain('interrupted');
    await following.ended;
    writeFileSync(go, '');
    const resumed = await relval.run('resume', id);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect((await relval.run('logs', id, 'exec')).stdout).toContain('last line\n');
  });

  it('is stopped by Ctrl-C with what was printed so far, and leaves nothing behind', async () => {
    const { child, ended } = relval.start('exec', '--local', '--', script(WAITING), '/nonexistent');
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    await until('the first line', 60, () => stdout.includes('first line\n') || undefined);
    child.kill('SIGINT');
    const end = await ended;
    expect(end.code).toBe(130);
    expect(end.stderr).toMatch(/first trouble[\s\S]*INTERRUPTED/);
    await until('all processes to end', 20, () => relval.processes().length === 0 || undefined);
  });
});
