import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StepSummary, Timeline } from '../../../validation/server/api.ts';
import { formatSize } from '../../../validation/units/size.ts';
import { readState } from '../../../validation/web/cluster/state.ts';
import { changedSteps } from '../../../validation/web/compare/changed-steps.ts';
import { lastTop, scrolled, scrollOf, spacerOf, TALLEST, topOf, walk } from '../../../validation/web/parts/scroll.ts';
import { parseRoute, pathOf, runPath, stepPath, workflowPath } from '../../../validation/web/routes.ts';
import { applyToStep } from '../../../validation/web/run/apply-event.ts';
import { spreadOf } from '../../../validation/web/run/spread.ts';
import { filterSteps, sortSteps } from '../../../validation/web/run/step-order.ts';
import { layOutTimeline, marksOf, within } from '../../../validation/web/run/timeline-layout.ts';
import { formatAge } from '../../../validation/web/words.ts';

describe('addresses', () => {
  it('lead where they were made for, whatever the names', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (run, step) => {
        fc.pre(!/^\.{1,2}$/.test(run) && !/^\.{1,2}$/.test(step));
        const at = (path: string) => parseRoute(new URL(path, 'http://h').pathname);
        expect(at(runPath(run))).toEqual({ view: 'run', run });
        expect(at(stepPath(run, step, { stream: 'logs/a b.log', attempt: 2, line: 7 }))).toEqual({
          view: 'step',
          run,
          step,
        });
        expect(at(workflowPath(run))).toEqual({ view: 'workflow', name: run });
        expect(at(pathOf(['compare', run, step]))).toEqual({ view: 'compare', a: run, b: step });
      }),
    );
    expect(stepPath('r', 's', { stream: 'logs/a b.log', attempt: 2, line: 7 })).toBe(
      '/runs/r/steps/s?stream=logs%2Fa+b.log&attempt=2#L7',
    );
  });

  it('without a meaning are reported', () => {
    for (const path of ['/x', '/runs', '/runs/a/b', '/compare/a', '/%zz', '/cluster/x', '/workflows/a/b']) {
      expect(parseRoute(path).view).toBe('unknown');
    }
    expect(parseRoute('/').view).toBe('runs');
    expect(parseRoute('/workflows').view).toBe('workflows');
  });
});

describe('scrolling over more than a browser can lay out', () => {
  const extent = { rows: 50_000_000, rowHeight: 18, viewport: 600 };
  const height = (): number => 18;

  it('reaches the first and the last row, and stands for all between', () => {
    expect(spacerOf(extent)).toBe(TALLEST);
    expect(topOf(extent, 0)).toBe(0);
    expect(topOf(extent, TALLEST - 600)).toBeCloseTo(lastTop(extent), 3);
    for (const top of [0, 1, 12_345_678, 49_000_000]) expect(topOf(extent, scrollOf(extent, top))).toBeCloseTo(top, 3);
  });

  it('is by the pixel where the movement is small, by share where it is large', () => {
    const from = scrollOf(extent, 1_000_000);
    expect(scrolled(extent, 1_000_000, { from, to: from + 36 }, height, true)).toBeCloseTo(1_000_002, 6);
    expect(scrolled(extent, 1_000_000, { from, to: TALLEST / 2 }, height, true)).toBeCloseTo(25_000_000, -4);
    expect(scrolled(extent, 5, { from: 30, to: 0 }, height, true)).toBe(0);
  });

  it('counts rows of different heights as they are', () => {
    const tall = (row: number): number => (row % 2 === 0 ? 20 : 60);
    expect(walk(0, 80, 100, tall)).toBe(2);
    expect(walk(0, 50, 100, tall)).toBe(1.5);
    expect(walk(2, -80, 100, tall)).toBe(0);
    expect(walk(2, -500, 100, tall)).toBe(0);
    expect(walk(98, 1000, 100, tall)).toBe(100);
  });
});

const step = (id: string, rest: Partial<StepSummary> = {}): StepSummary => ({
  id,
  stage: 'sim',
  state: 'succeeded',
  attempt: 1,
  ...rest,
});

describe('steps', () => {
  const steps = [
    step('sim10', { seconds: 5, host: 'b' }),
    step('sim9', { state: 'failed', message: 'Exit 1' }),
    step('sim1', { seconds: 7 }),
  ];

  it('are sorted by any column, those without a value last', () => {
    const ids = (by: string): string[] => sortSteps(steps, by).map(({ id }) => id);
    expect(ids('')).toEqual(['sim9', 'sim10', 'sim1']);
    expect(ids('id')).toEqual(['sim1', 'sim9', 'sim10']);
    expect(ids('seconds')).toEqual(['sim10', 'sim1', 'sim9']);
    expect(ids('-seconds')).toEqual(['sim1', 'sim10', 'sim9']);
    expect(ids('state')[0]).toBe('sim9');
    expect(ids('nonsense')).toEqual(ids(''));
  });

  it('are found by id, host and message', () => {
    const none = { search: '', stage: '', state: '' };
    expect(filterSteps(steps, { ...none, search: 'EXIT' }).map(({ id }) => id)).toEqual(['sim9']);
    expect(filterSteps(steps, { ...none, state: 'succeeded' })).toHaveLength(2);
    expect(filterSteps(steps, { ...none, stage: 'reco' })).toEqual([]);
  });

  it('follow the events of the run', () => {
    let one = step('sim1', { state: 'waiting', attempt: 0 });
    one = applyToStep(one, { time: 1, type: 'step-submitted', step: 'sim1', attempt: 1, task: '0.1.1' });
    one = applyToStep(one, { time: 2, type: 'step-running', step: 'sim1', attempt: 1, task: '0.1.1', worker: 'w' });
    expect(one).toMatchObject({ state: 'running', attempt: 1, since: 2, worker: 'w' });
    const ended = {
      type: 'step-ended',
      step: 'sim1',
      attempt: 1,
      task: '0.1.1',
      state: 'broken',
      retried: true,
    } as const;
    one = applyToStep(one, { time: 3, ...ended });
    expect(one).toMatchObject({ state: 'submitted' });
    const good = { ...ended, state: 'succeeded', retried: false, cpuTime: 2, peakMemory: 3 } as const;
    expect(applyToStep(one, { time: 4, ...good })).toMatchObject({ state: 'succeeded', cpuTime: 2, peakMemory: 3 });
  });

  it('are summed up by stage', () => {
    expect(spreadOf(steps, 'seconds')).toEqual([
      { stage: 'sim', min: 5, low: 5.5, median: 6, high: 6.5, max: 7, sum: 12 },
    ]);
    expect(spreadOf(steps, 'peakMemory')).toEqual([]);
  });

  it('differ between runs when their state does, or their time by much', () => {
    const pair = { id: 's', stage: 'sim', stateA: 'succeeded', stateB: 'succeeded' } as const;
    expect(
      changedSteps([
        { ...pair, secondsA: 100, secondsB: 130 },
        { ...pair, secondsA: 1, secondsB: 4 },
      ]),
    ).toEqual([]);
    expect(
      changedSteps([
        { ...pair, secondsA: 100, secondsB: 160 },
        { id: 't', stage: 'sim', stateB: 'failed' },
      ]).map(({ id }) => id),
    ).toEqual(['t', 's']);
  });
});

describe('the timeline', () => {
  const timeline: Timeline = {
    start: 0,
    end: 100,
    stages: ['sim', 'merge'],
    workers: ['w1', 'w2'],
    steps: {
      id: ['m', 'a', 'b', 'c'],
      stage: [1, 0, 0, 0],
      state: ['waiting', 'succeeded', 'running', 'succeeded'],
      submitted: [-1, 0, 5, 20],
      started: [-1, 10, 12, 40],
      ended: [-1, 30, -1, 50],
      worker: [-1, 0, 0, 1],
    },
  };

  it('has a row for each step, stage by stage', () => {
    const { rows, groups } = layOutTimeline(timeline, 'step');
    expect(rows.map(([bar]) => bar?.id)).toEqual(['a', 'b', 'c', 'm']);
    expect(groups).toEqual([
      { name: 'sim', row: 0 },
      { name: 'merge', row: 3 },
    ]);
  });

  it('has as many rows for a worker as it ran steps at the same time', () => {
    const { rows, groups } = layOutTimeline(timeline, 'worker');
    expect(rows.map((bars) => bars.map(({ id }) => id))).toEqual([['a'], ['b'], ['c']]);
    expect(groups).toEqual([
      { name: 'w1', row: 0 },
      { name: 'w2', row: 2 },
    ]);
  });

  it('keeps only the steps of a shorter time', () => {
    const { rows, groups } = within(layOutTimeline(timeline, 'step'), 35, 60, 100);
    expect(rows.map(([bar]) => bar?.id)).toEqual(['b', 'c']);
    expect(groups).toEqual([{ name: 'sim', row: 0 }]);
  });

  it('has marks at round times', () => {
    expect(marksOf(0, 60_000, 0, 6)).toEqual({
      times: [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000],
      every: 10_000,
    });
    expect(marksOf(130_000, 250_000, 100_000, 4).times).toEqual([130_000, 160_000, 190_000, 220_000, 250_000]);
  });
});

describe('the state of a framework', () => {
  it('is read even if parts are missing', () => {
    const read = readState({
      subscribed: true,
      master: { phase: 'subscribed', master: '127.0.0.1:5050' },
      pools: [{ name: 'p', projects: '.*', shape: { cores: 4, memory: 8000, disk: 1 }, min: 0, max: 9 }],
      projects: [{ project: 'x', words: ['1 task waits'], tasks: { waiting: 1 }, blocked: null }],
      workers: [{ id: 't1', pool: 'p', phase: 'running', shape: { cores: 4, memory: 8000 } }],
      counters: { launches: 3, odd: 'x' },
    });
    expect(read).toMatchObject({ master: '127.0.0.1:5050', subscribed: true, counters: { launches: 3 } });
    expect(read.pools[0]).toMatchObject({ name: 'p', shape: '4 cores, 8000 MB, 1 MB disk', max: 9 });
    expect(read.projects[0]).toMatchObject({ project: 'x', blocked: '', words: ['1 task waits'] });
    expect(read.workers[0]).toMatchObject({ id: 't1', size: '4 cores, 8000 MB' });
  });

  it('is nothing where it is something else', () => {
    for (const value of [null, 7, 'x', [], {}, { pools: 'x', workers: [null] }])
      expect(() => readState(value)).not.toThrow();
  });
});

it('sizes and ages have the unit that fits', () => {
  expect([0, 999, 1000, 1_500_000, 2.5e11].map(formatSize)).toEqual(['0 B', '999 B', '1.0 kB', '1.5 MB', '250 GB']);
  expect([-5, 4000, 59_000, 3_600_000, 90_000_000, 9e10].map(formatAge)).toEqual([
    'now',
    'now',
    '59 s ago',
    '1 h ago',
    '1 d ago',
    '2 y ago',
  ]);
});
