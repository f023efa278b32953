import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UpdateStream } from '../../../framework/local/updates.ts';
import type { TaskState, TaskStatus } from '../../../framework/mesos/messages.ts';

const status = (state: TaskState, uuid: number): TaskStatus => ({
  task_id: { value: 't' },
  state,
  uuid: Buffer.alloc(16, uuid),
});
const STARTING = status('TASK_STARTING', 1);
const RUNNING = status('TASK_RUNNING', 2);
const FINISHED = status('TASK_FINISHED', 3);
const uuidOf = (update: TaskStatus): Buffer => update.uuid ?? Buffer.alloc(0);
const newStream = () => new UpdateStream({ min: 10_000, max: 600_000 });

describe('the updates of a task', () => {
  it('go one by one: the next when the last is acknowledged', () => {
    const stream = newStream();
    expect(stream.add(STARTING, 0)).toBe(STARTING);
    expect(stream.add(RUNNING, 1)).toBeUndefined();
    expect(stream.acknowledge(uuidOf(RUNNING), 2)).toBeUndefined();
    expect(stream.acknowledge(uuidOf(STARTING), 3)).toBe(RUNNING);
    expect(stream.acknowledge(uuidOf(STARTING), 4)).toBeUndefined();
    expect(stream.add(FINISHED, 5)).toBeUndefined();
    expect([stream.latest, stream.forwarded, stream.finished]).toEqual(['TASK_FINISHED', 'TASK_RUNNING', false]);
    expect(stream.acknowledge(uuidOf(RUNNING), 6)).toBe(FINISHED);
    expect(stream.acknowledge(uuidOf(FINISHED), 7)).toBeUndefined();
    expect([stream.finished, stream.dueAt]).toEqual([true, Number.POSITIVE_INFINITY]);
  });

  it('are repeated after 10, 20, 40 … seconds, ten minutes apart at most', () => {
    const stream = newStream();
    stream.add(STARTING, 0);
    const times: number[] = [];
    for (let now = 0; now <= 4_000_000; now += 1000) if (stream.due(now)) times.push(now / 1000);
    expect(times).toEqual([10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030, 3630]);
  });

  it('begin anew when the framework or the master is back', () => {
    const stream = newStream();
    stream.add(STARTING, 0);
    stream.due(10_000);
    expect(stream.resume(11_000)).toBe(STARTING);
    expect(stream.dueAt).toBe(21_000);
    stream.acknowledge(uuidOf(STARTING), 12_000);
    expect(stream.resume(13_000)).toBeUndefined();
  });

  it('arrive each, in order, whatever is lost on the way', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), (arrives) => {
        const stream = newStream();
        const seen: TaskState[] = [];
        const deliver = (update: TaskStatus | undefined, now: number): void => {
          if (!update || !arrives.next().value) return;
          if (seen.at(-1) !== update.state) seen.push(update.state);
          if (arrives.next().value) deliver(stream.acknowledge(uuidOf(update), now), now);
        };
        for (const update of [STARTING, RUNNING, FINISHED]) deliver(stream.add(update, 0), 0);
        for (let now = 0; now < 1e9 && !stream.finished; now = stream.dueAt) deliver(stream.due(now), now);
        expect(seen).toEqual(['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED']);
      }),
      { numRuns: 50 },
    );
  });
});
