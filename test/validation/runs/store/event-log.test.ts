import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventReader, EventWriter } from '../../../../validation/runs/store/event-log.ts';
import type { RunEvent } from '../../../../validation/runs/store/events.ts';

let directory: tmp.DirResult;
let path: string;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  path = join(directory.name, 'events.ndjson');
});
afterEach(() => directory.removeCallback());

const event = (pid: number): RunEvent => ({ time: 1, type: 'resumed', pid });
const pids = (events: Iterable<RunEvent>): number[] =>
  [...events].flatMap((one) => (one.type === 'resumed' ? [one.pid] : []));

describe('the events of a run', () => {
  it('are read as they are written, each once', () => {
    const reader = new EventReader(path);
    expect(pids(reader.read())).toEqual([]);
    const writer = new EventWriter(path);
    writer.append(event(1));
    writer.append(event(2));
    expect(pids(reader.read())).toEqual([1, 2]);
    writer.append(event(3));
    expect(pids(reader.read())).toEqual([3]);
    expect(pids(reader.read())).toEqual([]);
    writer.close();
  });

  it('are complete after a line that a crash cut off at any byte', () => {
    const line = `${JSON.stringify({ ...event(1), note: 'ü' })}\n`;
    const bytes = Buffer.from(line);
    for (let length = 1; length < bytes.length; length++) {
      writeFileSync(path, bytes.subarray(0, length));
      const writer = new EventWriter(path);
      writer.append(event(2));
      writer.close();
      const expected = length === bytes.length - 1 ? [1, 2] : [2];
      expect(pids(new EventReader(path).read())).toEqual(expected);
    }
  });

  it('are not read before their line is complete', () => {
    const reader = new EventReader(path);
    const line = `${JSON.stringify(event(7))}\n`;
    writeFileSync(path, line.slice(0, 10));
    expect(pids(reader.read())).toEqual([]);
    appendFileSync(path, line.slice(10));
    expect(pids(reader.read())).toEqual([7]);
  });

  it('may be longer than one read', () => {
    const steps = Array.from({ length: 60_000 }, (_, n) => ({ id: `step${n}`, stage: 'long' }));
    const writer = new EventWriter(path);
    writer.append(event(1));
    writer.append({ time: 1, type: 'planned', phase: 0, steps });
    for (let n = 2; n < 30_000; n++) writer.append(event(n));
    writer.close();
    const events = [...new EventReader(path).read()];
    expect(events).toHaveLength(30_000);
    expect(events[1]).toMatchObject({ steps: { length: 60_000 } });
    expect(pids(events)).toEqual(Array.from({ length: 29_999 }, (_, n) => n + 1));
  });
});
