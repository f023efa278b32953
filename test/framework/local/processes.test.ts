import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ProcessKiller } from '../../../framework/local/processes.ts';

it('looks pass over the session of a task until its first process has ended, since another task may get its pid', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'processes-'));
  const marked = (value: string) => ({ name: 'PROCESSES_TEST', value: `${process.pid}-${value}` });
  const { name, value } = marked('second');
  const child = spawn('sleep', ['600'], { detached: true, env: { PATH: process.env.PATH, [name]: value } });
  const ended = once(child, 'exit');
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  const first = { mark: marked('first'), session: child.pid, directory: join(directory, 'first') };
  const second = { mark: marked('second'), session: undefined, directory: join(directory, 'second') };
  const killer = new ProcessKiller();
  killer.started(first);
  expect(await killer.destroy(second)).toEqual([]);
  expect(child.signalCode).toBeNull();
  killer.ended(first);
  expect(await killer.destroy(second)).toEqual([]);
  expect(await ended).toEqual([null, 'SIGKILL']);
});
