import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import {
  type Execution,
  type LogReceiver,
  type ReceiverOptions,
  startLogReceiver,
} from '../../../validation/step/log-receiver.ts';
import { masksOf } from '../../../validation/step/mask.ts';
import { logsAddress } from '../../../validation/step/names.ts';
import type { Scratch } from './sandbox.ts';

export interface Live extends LogReceiver {
  /** For the step's environment. */
  env: { RELVAL_LOGS: string; RELVAL_TOKEN: string };
  token: string;
  admitted: Execution[];
  problems: string[];
  /** What is there of a stream of the step; empty when nothing is. */
  read: (stream: string, step?: string) => string;
}

/** A receiver that writes below the scratch directory, closed when the test is over. */
export async function startLive(scratch: Scratch, changes: Partial<ReceiverOptions> = {}): Promise<Live> {
  const token = randomBytes(16).toString('base64url');
  const admitted: Execution[] = [];
  const problems: string[] = [];
  const receiver = await startLogReceiver({
    listen: { host: '127.0.0.1' },
    tokenOf: () => token,
    masks: masksOf([]),
    limit: 1 << 30,
    admit: (execution) => {
      admitted.push(execution);
      return { directory: join(scratch.path, 'live', execution.step) };
    },
    onProblem: (problem) => problems.push(problem),
    ...changes,
  });
  onTestFinished(() => receiver.close());
  return {
    port: receiver.port,
    finish: (id) => receiver.finish(id),
    close: () => receiver.close(),
    env: { RELVAL_LOGS: logsAddress('127.0.0.1', receiver.port), RELVAL_TOKEN: token },
    token,
    admitted,
    problems,
    read: (stream, step = 'sim0007') => {
      try {
        return readFileSync(join(scratch.path, 'live', step, `${stream}.log`), 'latin1');
      } catch {
        return '';
      }
    },
  };
}

/** Waits until a condition holds; fails after that many seconds. */
export async function until(what: string, condition: () => boolean, seconds = 60): Promise<void> {
  for (let waited = 0; !condition(); waited += 25) {
    if (waited > seconds * 1000) throw new Error(`waited ${seconds} s in vain for ${what}`);
    await sleep(25);
  }
}

/** Processes that work in a directory or below: everything that a step has started and that is not gone. */
export function processesIn(directory: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readlinkSync(`/proc/${pid}/cwd`).startsWith(directory);
      } catch {
        return false;
      }
    });
}

export interface Wire {
  port: number;
  /** Bytes that went through to the receiver. */
  sent: () => number;
  /** Ends all connections; new ones are refused until `mend`. */
  cut: () => Promise<void>;
  mend: () => Promise<void>;
  /** Connections stay, but nothing is passed on any more. */
  stall: () => void;
}

/** Stands between a step and its receiver. */
export async function startWire(to: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let sent = 0;
  let stalled = false;
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    far.pipe(near);
    near.on('data', (data) => {
      sent += data.length;
      if (stalled) near.pause();
      else if (!far.write(data)) near.pause();
    });
    far.on('drain', () => stalled || near.resume());
  });
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as { port: number };
  onTestFinished(() => cut());
  return {
    port,
    sent: () => sent,
    cut,
    mend: () => listen(port),
    stall: () => {
      stalled = true;
    },
  };
}
