import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isAlive, thisProcess } from '../../../validation/runs/record.ts';

const statOf = (pid: number): string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
};

it('this process carries a run; one with its number that began at another time, or none at all, does not', () => {
  const own = thisProcess();
  expect(isAlive(own)).toBe(true);
  expect(isAlive({ ...own, start: '1' })).toBe(false);
  expect(isAlive({ ...own, pid: 2 ** 22 + 1 })).toBe(false);
  expect(isAlive({ ...own, pid: 2 ** 22 + 1, host: 'elsewhere' })).toBe(true);
});

it('a process that has ended and that its parent has not waited for carries none', async () => {
  // the shell becomes a program that waits for nobody
  const shell = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [line] = await once(shell.stdout, 'data');
    const pid = Number(String(line));
    const carrier = { pid, start: statOf(pid)[19] as string, host: hostname() };
    expect(isAlive(carrier)).toBe(true);
    while (statOf(pid)[0] !== 'Z') await sleep(20);
    expect(isAlive(carrier)).toBe(false);
  } finally {
    shell.kill('SIGKILL');
  }
});
