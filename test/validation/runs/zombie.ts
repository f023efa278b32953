import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** The fields of /proc/PID/stat from the third on: the state is the first of them, the start the twentieth. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A process whose parent does not wait for it. It runs until `end`, which settles when it is a zombie. */
export async function unawaited(): Promise<{ pid: number; start: string; end: () => Promise<void> }> {
  // The shell would wait for its child, but the program that replaces it does not.
  const parent = spawn('sh', ['-c', 'sleep 300 & echo $!; exec sleep 300'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  onTestFinished(() => void process.kill(-(parent.pid as number), 'SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(String(line));
  const end = async (): Promise<void> => {
    while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await sleep(10);
    process.kill(pid);
    while (statOf(pid)[0] !== 'Z') await sleep(10);
  };
  return { pid, start: statOf(pid)[19] as string, end };
}
