import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { CLI, eventsOf, Relval, ROOT, until } from './relval.ts';

/** Runs a command in a shell that allows a process only so many open files. */
function runWith(limit: number, directory: string, ...command: string[]): { status: number; said: string } {
  const words = ['-c', `ulimit -n ${limit}; exec "$@" 2>&1`, 'bash', process.execPath, ...command];
  try {
    return { status: 0, said: execFileSync('bash', words, { cwd: directory, encoding: 'utf8' }) };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { status, said: stdout };
  }
}

function prepare(command: string): Relval {
  const relval = new Relval();
  onTestFinished(() => relval.remove());
  writeFileSync(
    join(relval.dir, 'workflow.yaml'),
    `name: files\nstages: [{ name: task, each: { jobs: 1-2 }, command: ${JSON.stringify(command)} }]\n`,
  );
  return relval;
}

it.each([24, 71])('with %i open files both commands do not start, and say what they need', (limit) => {
  const relval = prepare('true');
  const said = `this process may have only ${limit} files open at once, but needs 72 at least. To allow more: ulimit -n 1024\n`;
  expect(runWith(limit, relval.dir, CLI, 'run', 'workflow.yaml', '--local')).toEqual({
    status: 3,
    said: `relval: ${said}`,
  });
  expect(runWith(limit, relval.dir, join(ROOT, 'dist', 'framework', 'main.js'), '--master', 'local')).toEqual({
    status: 2,
    said: `mesos-workqueue-framework: ${said}`,
  });
});

it('with 72 open files a run passes', () => {
  const relval = prepare('true');
  const flags = ['--local', '--local-memory', '2500', '--no-check', '--quiet', '--runs', relval.runs, '--no-config'];
  const { status, said } = runWith(72, relval.dir, CLI, 'run', 'workflow.yaml', ...flags);
  expect(said).toContain('passed');
  expect(status).toBe(0);
});

it('a run that may open no more files ends as broken, names the limit, and can be resumed', async () => {
  const gate = join(mkdtempSync(join(tmpdir(), 'relval-test-')), 'gate');
  onTestFinished(() => rmSync(dirname(gate), { recursive: true }));
  const relval = prepare(`until [ -e '${gate}' ]; do sleep 0.1; done`);
  const run = relval.start('run', 'workflow.yaml', '--local', '--local-memory', '2500', '--no-check');
  const { id } = await until('both steps to run', 60, async () => {
    const [only] = JSON.parse((await relval.run('list', '--json')).stdout);
    const running = only && eventsOf(only.directory).filter(({ type }) => type === 'step-connected');
    return running?.length === 2 ? only : undefined;
  });
  const open = await firstFree(run.child.pid as number);
  execFileSync('prlimit', ['--pid', String(run.child.pid), `--nofile=${open}`]);
  const { code, stderr } = await run.ended;
  expect(stderr).toMatch(new RegExp(`^relval: relval has as many files open as it may have, ${open} \\(EMFILE`, 'm'));
  expect(stderr).not.toMatch(/^ +at /m);
  expect(code).toBe(3);
  expect(await relval.onlyRun()).toMatchObject({
    status: 'broken',
    reason: expect.stringContaining(`as many files open as it may have, ${open}`),
  });
  writeFileSync(gate, '');
  expect((await relval.run('resume', id, '--local-memory', '2500')).code).toBe(0);
});

/**
 * The smallest number that a process has for no open file, over a second, because some are open only for a moment. The limit
 * counts numbers: with this one the process can open nothing until it has closed a file.
 */
async function firstFree(pid: number): Promise<number> {
  let first = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + 1000; performance.now() < end; await sleep(10)) {
    const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
    let free = 0;
    while (taken.has(free)) free++;
    first = Math.min(first, free);
  }
  return first;
}
