import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followLog, type LogFollower } from '../../../validation/makeflow/follow.ts';
import type { LogEvent } from '../../../validation/makeflow/transaction-log.ts';

const text = readFileSync(
  fileURLToPath(new URL('../../fixtures/makeflow/makeflowlog_resume_fixed_completed.txt', import.meta.url)),
  'utf8',
);
let directory: string;
let path: string;
let follower: LogFollower | undefined;
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
  const events: LogEvent[] = [];
  const waiting: { matches: (event: LogEvent) => boolean; resolve: () => void }[] = [];
  const failed = new Promise<Error>((resolve) => {
    follower = followLog(
      path,
      (more) => {
        events.push(...more);
        for (const { matches, resolve } of waiting) if (events.some(matches)) resolve();
      },
      resolve,
      pollInterval === undefined ? {} : { pollInterval },
    );
  });
  const until = (matches: (event: LogEvent) => boolean): Promise<void> =>
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
    expect(follower?.flow.runs).toBe(3);
  });

  it('needs no notice from the kernel', async () => {
    appendFileSync(path, '');
    const { until } = follow(20);
    appendFileSync(path, text);
    await until(({ type }) => type === 'completed');
  });

  it('reads the rest when asked', async () => {
    const { events } = follow(60_000);
    appendFileSync(path, text);
    await follower?.drain();
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
