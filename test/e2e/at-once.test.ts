import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Relval } from './relval.ts';

/** Who may write to a run's directory may put a named pipe in the place of each file. A command that opens it must not wait. */
it('no command waits for a named pipe in the place of a file of a run', { timeout: 120_000 }, async () => {
  const relval = new Relval();
  onTestFinished(() => relval.remove());
  writeFileSync(join(relval.dir, 'workflow.yaml'), 'name: pipes\nstages: [{ name: task, command: "echo said" }]\n');
  writeFileSync(join(relval.dir, 'rules.yaml'), 'rules: []\n');
  const flags = ['--local', '--local-memory', '2500', '--no-check'];
  expect((await relval.run('run', 'workflow.yaml', ...flags)).code).toBe(0);
  const { id, directory } = await relval.onlyRun();

  const inTheWay = async (file: string, ...commands: string[][]) => {
    const path = join(directory, file);
    renameSync(path, `${path}.kept`);
    execFileSync('mkfifo', [path]);
    for (const words of commands) {
      const command = relval.start(...words);
      const timer = setTimeout(() => command.child.kill('SIGKILL'), 20_000);
      const { signal, stderr } = await command.ended;
      clearTimeout(timer);
      expect({ file, words, signal, trace: /^ +at /m.test(stderr) }).toEqual({
        file,
        words,
        signal: null,
        trace: false,
      });
    }
    rmSync(path);
    renameSync(`${path}.kept`, path);
  };
  await inTheWay('report/report.json', ['report', id], ['gc', '--keep', '1', '--dry-run'], ['except', id]);
  await inTheWay('report/index.html', ['report', id, '--format', 'html']);
  await inTheWay('outcome.json', ['histograms', id], ['report', id, '--rules', 'rules.yaml']);
  await inTheWay('steps/task/1/stdout.log', ['logs', id, 'task'], ['logs', id, 'task', '--grep', 'said']);
  await inTheWay(
    '.lock',
    ['accept', id, '--note', 'good'],
    ['retry', id, 'task'],
    ['list'],
    ['gc', '--keep', '1', '--yes'],
  );
  expect((await relval.run('logs', id, 'task')).stdout).toContain('said');
});

it('accept and stop can be given several times at once', { timeout: 120_000 }, async () => {
  const relval = new Relval();
  onTestFinished(() => relval.remove());
  const gate = join(relval.dir, 'gate');
  writeFileSync(
    join(relval.dir, 'workflow.yaml'),
    `name: often\nstages: [{ name: task, command: "until [ -e '${gate}' ]; do sleep 0.1; done" }]\n`,
  );
  const run = relval.start('run', 'workflow.yaml', '--local', '--local-memory', '2500', '--no-check');
  run.child.stderr?.on('data', (chunk) => {
    if (String(chunk).includes('task runs on')) writeFileSync(gate, '');
  });
  expect((await run.ended).code).toBe(0);
  const { id } = await relval.onlyRun();
  const all = await Promise.all([1, 2, 3, 4].map((n) => relval.run('accept', id, '--note', `note ${n}`)));
  expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(all.map(() => [0, '']));

  rmSync(gate);
  const second = relval.start(
    'run',
    'workflow.yaml',
    '--local',
    '--local-memory',
    '2500',
    '--no-check',
    '--name',
    'two',
  );
  await new Promise<void>((resolve) => {
    second.child.stderr?.on('data', (chunk) => String(chunk).includes('task runs on') && resolve());
  });
  const stops = await Promise.all([1, 2, 3].map(() => relval.run('stop', 'two')));
  expect(stops.map(({ stderr }) => stderr.includes('rename'))).toEqual([false, false, false]);
  const { code, stdout } = await second.ended;
  expect(code).toBe(130);
  // It was not ended at once: it has a report.
  expect(stdout).toContain('stopped by SIGTERM');
});
