import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type FlowEvent,
  type FlowFollower,
  followFlow,
  inOrder,
  timeHere,
} from '../../../validation/makeflow/follow.ts';
import { parseWorkerLogLine } from '../../../validation/makeflow/worker-log.ts';

const text = readFileSync(
  fileURLToPath(new URL('../../fixtures/makeflow/makeflowlog_resume_fixed_completed.txt', import.meta.url)),
  'utf8',
);
let directory: string;
let path: string;
let follower: FlowFollower | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'relval-follow-'));
  path = join(directory, 'log');
});
afterEach(() => {
  follower?.close();
  rmSync(directory, { recursive: true });
});

/** Follows, and gives what was told so far and a promise of the first event that matches. */
function follow(pollInterval?: number) {
  const events: FlowEvent[] = [];
  const waiting: { matches: (event: FlowEvent) => boolean; resolve: () => void }[] = [];
  const failed = new Promise<Error>((resolve) => {
    follower = followFlow(
      path,
      { path: `${path}.tr`, read: (lines) => lines.flatMap((line) => parseWorkerLogLine(line) ?? []) },
      (more) => {
        events.push(...more);
        for (const { matches, resolve } of waiting) if (events.some(matches)) resolve();
      },
      resolve,
      pollInterval === undefined ? {} : { pollInterval },
    );
  });
  const until = (matches: (event: FlowEvent) => boolean): Promise<void> =>
    new Promise((resolve) => {
      if (events.some(matches)) resolve();
      else waiting.push({ matches, resolve });
    });
  return { events, until, failed };
}

describe('following a log', () => {
  it('begins before there is one, and tells every event once, in order', async () => {
    const { events, until } = follow();
    const middle = text.indexOf('# STARTED', 100) + 4; // within a line
    appendFileSync(path, text.slice(0, middle));
    await until(({ type }) => type === 'aborted');
    const before = events.length;
    appendFileSync(path, text.slice(middle));
    await until(({ type }) => type === 'completed');
    expect(before).toBeLessThan(events.length);
    const times = text.split('\n').filter((line) => /^\d|^# [A-Z]+ \d+$/.test(line));
    expect(events).toHaveLength(times.length);
    expect(events.filter(({ type }) => type === 'started')).toHaveLength(3);
  });

  it('needs no notice from the kernel', async () => {
    appendFileSync(path, '');
    const { until } = follow(20);
    appendFileSync(path, text);
    await until(({ type }) => type === 'completed');
  });

  it('reads the rest when asked', () => {
    const { events } = follow(60_000);
    appendFileSync(path, text);
    follower?.look();
    expect(events.at(-1)?.type).toBe('completed');
  });

  it('ends with an error when the log is replaced', async () => {
    appendFileSync(path, text);
    const { until, failed } = follow(20);
    await until(({ type }) => type === 'completed');
    truncateSync(path, 10);
    expect((await failed).message).toContain('has become shorter');
  });
});

describe('the time of a line', () => {
  it('is the time of the steady clock at which it was written', () => {
    expect(timeHere(990, 1000, 1000, 0)).toBe(990);
    // the clock was set forward by 5000, or back, before the line was written
    expect(timeHere(5990, 1000, 6000, 900)).toBe(990);
    expect(timeHere(-4010, 1000, -4000, 900)).toBe(990);
    // the same between the line and now
    expect(timeHere(990, 1000, 6000, 900)).toBe(900);
    expect(timeHere(990, 1000, -4000, 900)).toBe(1000);
  });
});

describe('two logs', () => {
  const makeflow = (time: number): FlowEvent => ({ type: 'started', time });
  const workQueue = (time: number): FlowEvent => ({ type: 'task-waiting', time, jobId: 1 });

  it('are told in the order of their times, each in its own', () => {
    const times = (events: FlowEvent[]) => events.map(({ type, time }) => `${type === 'started' ? 'm' : 'w'}${time}`);
    expect(times(inOrder([makeflow(1), makeflow(4), makeflow(5)], [workQueue(2), workQueue(4), workQueue(6)]))).toEqual(
      ['m1', 'w2', 'm4', 'w4', 'm5', 'w6'],
    );
    expect(times(inOrder([makeflow(9), makeflow(2)], [workQueue(3)]))).toEqual(['w3', 'm9', 'm2']);
    expect(inOrder([], [])).toEqual([]);
  });

  it('show both when the clock was set back: what is before that comes first', () => {
    const times = (events: FlowEvent[]) => events.map(({ type, time }) => `${type === 'started' ? 'm' : 'w'}${time}`);
    const both = inOrder([makeflow(100), makeflow(105), makeflow(50)], [workQueue(101), workQueue(102), workQueue(51)]);
    expect(times(both)).toEqual(['m100', 'w101', 'w102', 'm105', 'm50', 'w51']);
    const twice = inOrder([makeflow(9), makeflow(5), makeflow(1)], [workQueue(8), workQueue(6), workQueue(2)]);
    expect(times(twice)).toEqual(['w8', 'm9', 'm5', 'w6', 'm1', 'w2']);
  });
});
