import { describe, expect, it } from 'vitest';
import {
  type AskOptions,
  askManager,
  ManagerError,
  type ManagerFailure,
} from '../../../framework/workqueue/manager.ts';
import { answering, freePort, listen, recording, until } from './peers.ts';

const options: AskOptions = { connectMs: 30_000, silentMs: 30_000, onSilent: () => {} };

async function failureOf(asking: Promise<unknown>): Promise<ManagerFailure> {
  const error = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ManagerError);
  return (error as ManagerError).failure;
}

describe('askManager', () => {
  it('sends the question at once and reads the answer to its end', async () => {
    const lines: string[] = [];
    const manager = await listen(
      answering((line) => {
        lines.push(line);
        return recording('task_status_running.json');
      }),
    );
    const { records, bytes } = await askManager(manager, 'task_status', options);
    expect(records).toHaveLength(4);
    expect(bytes).toBe(981);
    expect(lines).toEqual(['task_status']);
  });

  it('repairs invalid JSON', async () => {
    const manager = await listen(answering(() => recording('task_status_invalid_json_single_quote.json')));
    const { records } = await askManager(manager, 'task_status', options);
    expect(records[0]?.command).toContain("'single'");
  });

  it('tells the ways to fail apart', async () => {
    const port = await freePort();
    expect(await failureOf(askManager({ host: '127.0.0.1', port }, 'queue_status', options))).toBe('refused');
    const answer = async (text: string) => askManager(await listen(answering(() => text)), 'queue_status', options);
    expect(await failureOf(answer(''))).toBe('dropped');
    expect(await failureOf(answer('auth password sha1\n'))).toBe('needs password');
    expect(await failureOf(answer('<html>'))).toBe('garbage');
    expect(await failureOf(answer('{"a":1}'))).toBe('garbage');
    expect(await failureOf(answer('[{"type":"wq_mas'))).toBe('garbage');
    const resetting = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
    expect(await failureOf(askManager(resetting, 'queue_status', options))).toBe('dropped');
    const noRoute = askManager({ host: 'no.such.host.invalid', port: 9123 }, 'queue_status', options);
    expect(await failureOf(noRoute)).toBe('unreachable');
  });

  it('calls a manager silent, goes on waiting on the same connection, and takes the answer when it comes', async () => {
    let answerNow = () => {};
    const manager = await listen((socket) =>
      socket.once('data', () => {
        answerNow = () => socket.end(recording('worker_status_running.json'));
      }),
    );
    let silent = 0;
    const asking = askManager(manager, 'worker_status', { ...options, silentMs: 30, onSilent: () => silent++ });
    await until(() => silent > 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    answerNow();
    expect((await asking).records).toHaveLength(1);
    expect(silent).toBe(1);
    expect(manager.accepted()).toBe(1);
  });

  it('notices at once when a silent manager dies', async () => {
    let silent = 0;
    let die = () => {};
    const manager = await listen((socket) => {
      die = () => socket.resetAndDestroy();
    });
    const onSilent = () => {
      silent++;
      die();
    };
    const asking = askManager(manager, 'queue_status', { ...options, silentMs: 100, onSilent });
    expect(await failureOf(asking)).toBe('dropped');
    expect(silent).toBe(1);
  });

  it('leaves at once when it is stopped', async () => {
    const manager = await listen(() => {});
    const stop = new AbortController();
    const asking = askManager(manager, 'queue_status', { ...options, signal: stop.signal });
    await until(() => manager.accepted() === 1);
    stop.abort();
    expect(await failureOf(asking)).toBe('stopped');
    await until(() => manager.open() === 0);
  });
});
