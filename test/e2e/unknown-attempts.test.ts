import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { eventsOf, Relval, until } from './relval.ts';

it('a resumed run does not count the directory of an attempt whose event a full disk has prevented', async () => {
  const relval = new Relval();
  onTestFinished(() => relval.remove());
  const gate = join(relval.dir, 'gate');
  const file = join(relval.dir, 'w.yaml');
  writeFileSync(file, `name: w\nstages: [{ name: sim, command: 'until [ -e ${gate} ]; do sleep 0.1; done' }]\n`);
  const run = relval.start('run', file, '--local', '--local-memory', '2500', '--no-check', '--quiet');
  const { id, directory } = await until('the step runs', 30, async () => {
    const only = await relval.onlyRun().catch(() => undefined);
    return only && eventsOf(only.directory).some(({ type }) => type === 'step-running') ? only : undefined;
  });
  run.child.kill('SIGKILL');
  await run.ended;
  const unknown = join(directory, 'steps', 'sim', '3');
  mkdirSync(unknown);
  writeFileSync(join(unknown, 'stdout.log'), 'a line of an attempt that no event knows\n');
  writeFileSync(gate, '');
  const { code, stdout } = await relval.run('resume', id, '--local-memory', '2500');
  expect(stdout).toContain('PASSED');
  expect(code).toBe(0);
  expect(existsSync(unknown)).toBe(false);
});
