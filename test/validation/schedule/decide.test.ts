import { describe, expect, it } from 'vitest';
import { decideStart, type StartQuestion } from '../../../validation/schedule/decide.ts';

const HOUR = 3_600_000;
const due = Date.parse('2026-11-24T01:00:00Z');
const question = (change: Partial<StartQuestion>): StartQuestion => ({
  now: due,
  called: due,
  due,
  startWithin: 2 * 3600,
  anyTime: false,
  running: undefined,
  whenRunning: 'skip',
  told: false,
  ...change,
});
const running = { id: 'mc-20261123-020000', created: due - 24 * HOUR };

describe('a nightly that its scheduler calls', () => {
  it('starts when it is due, and within the allowed time after that', () => {
    expect(decideStart(question({}))).toEqual({ do: 'start' });
    expect(decideStart(question({ now: due + 2 * HOUR }))).toEqual({ do: 'start' });
  });

  it('does not start after that time, and says how late it is', () => {
    expect(decideStart(question({ now: due + 5 * HOUR, called: due + 5 * HOUR }))).toEqual({
      do: 'leave',
      reason: expect.stringMatching(/due 5.*h.* ago.*within 2.*h/),
    });
  });

  it('starts at any time when somebody asks for that', () => {
    const called = due + 9 * HOUR;
    expect(decideStart(question({ now: called, called, anyTime: true }))).toEqual({ do: 'start' });
    expect(decideStart(question({ now: called, called, anyTime: true, due: undefined }))).toEqual({ do: 'start' });
  });

  it('that was never due does not start', () => {
    expect(decideStart(question({ due: undefined }))).toMatchObject({ do: 'leave' });
  });

  it('skips, waits for or stops the one of yesterday', () => {
    expect(decideStart(question({ running }))).toEqual({ do: 'leave', reason: expect.stringContaining(running.id) });
    expect(decideStart(question({ running, whenRunning: 'queue' }))).toMatchObject({
      do: 'wait',
      until: due + 2 * HOUR,
    });
    expect(decideStart(question({ running, whenRunning: 'stop' }))).toMatchObject({ do: 'stop', run: running.id });
    expect(decideStart(question({ running, whenRunning: 'stop', told: true }))).toMatchObject({ do: 'wait' });
  });

  it('does not wait for ever', () => {
    const now = due + 2 * HOUR + 1;
    for (const whenRunning of ['queue', 'stop'] as const) {
      expect(decideStart(question({ running, whenRunning, now, told: true }))).toMatchObject({ do: 'leave' });
    }
    expect(decideStart(question({ now, whenRunning: 'queue' }))).toMatchObject({ do: 'leave' });
  });
});
