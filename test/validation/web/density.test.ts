import { expect, it } from 'vitest';
import { clockMarks, clockOf } from '../../../validation/web/run/clock-marks.ts';
import { densityOf } from '../../../validation/web/run/timeline-density.ts';
import type { Bar } from '../../../validation/web/run/timeline-layout.ts';

it('the density of a stage is how many of its steps ran, by state, also within a column', () => {
  const bar = (rest: Partial<Bar>): Bar => ({ id: 'x', state: 'succeeded', stage: 0, worker: 0, ...rest });
  const bars = [
    bar({ started: 0, ended: 20 }),
    bar({ started: 10, ended: 25 }),
    bar({ started: 15, ended: 20, state: 'failed' }),
    bar({ started: 30, stage: 1, state: 'running' }),
    bar({ submitted: 5 }),
  ];
  const [sim, merge] = densityOf(bars, ['sim', 'merge'], { from: 0, to: 40, columns: 4, now: 35 });
  expect(sim?.states.map(({ state, running }) => [state, ...running])).toEqual([
    ['failed', 0, 0.5, 0, 0],
    ['succeeded', 1, 2, 0.5, 0],
  ]);
  expect(sim?.most).toBe(2.5);
  expect(merge?.states.map(({ state, running }) => [state, ...running])).toEqual([['running', 0, 0, 0, 0.5]]);
});

it('the axis has round times of the clock, and names its zone', () => {
  const noon = new Date(2026, 10, 29, 12, 7).getTime();
  const marks = clockMarks(noon, noon + 3_600_000, 600, 'local');
  expect(marks.map((time) => clockOf(time, false, 'local'))).toEqual([
    '12:10',
    '12:20',
    '12:30',
    '12:40',
    '12:50',
    '13:00',
  ]);
  expect(clockOf(new Date(2026, 10, 30).getTime(), true, 'local')).toBe('2026-11-30');
  expect(clockOf(Date.UTC(2026, 10, 30, 15, 33, 20), true, 'utc')).toBe('15:33:20');
});
