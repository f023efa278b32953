import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** A program that runs beside us until we say. */
export interface Child {
  pid: number;
  /** Settles when it has ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, and SIGKILL when it is still there after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Starts a program in a process group of its own, so that a Ctrl-C on our terminal leaves it to us; with its output in
 * a file, so that it outlives our pipes; and with a death signal, so that it does not outlive a SIGKILL of ours.
 * @throws when the program cannot be started
 */
export async function startChild(
  command: string,
  args: string[],
  options: { cwd: string; log: string },
): Promise<Child> {
  const output = openSync(options.log, 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${command} cannot be started: ${error.message}`)));
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return { pid: child.pid as number, ended, stop: (graceMs) => stopChild(child, ended, graceMs) };
}

async function stopChild(child: ChildProcess, ended: Promise<unknown>, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}
