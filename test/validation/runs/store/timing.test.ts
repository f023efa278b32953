import { describe, expect, it } from 'vitest';
import { applyEvent, emptyView, type RunEvent, type RunView } from '../../../../validation/runs/store/events.ts';
import type { RunRecord } from '../../../../validation/runs/store/record.ts';
import { earlierTimings, expectedEnd, timingOf } from '../../../../validation/runs/store/timing.ts';

const CREATED = 1_800_000_000_000;
const at = (seconds: number): number => CREATED + seconds * 1000;

/** A run of ten steps and a merge; times in seconds since its start. */
function viewOf(steps: { step: string; start?: number; end?: number }[]): RunView {
  const view = emptyView();
  const sims = Array.from({ length: 10 }, (_, n) => ({ id: `sim${n}`, stage: 'sim' }));
  applyEvent(view, { time: CREATED, type: 'planned', phase: 0, steps: [...sims, { id: 'merge', stage: 'merge' }] });
  const events: RunEvent[] = steps.flatMap(({ step, start, end }): RunEvent[] => [
    ...(start === undefined
      ? []
      : [{ time: at(start), type: 'step-running', step, attempt: 1, task: '', worker: 'w' } as const]),
    ...(start === undefined || end === undefined
      ? []
      : ([
          {
            time: at(end),
            type: 'step-ended',
            step,
            attempt: 1,
            task: '',
            state: 'succeeded',
            retried: false,
            seconds: end - start,
          },
        ] as const)),
  ]);
  for (const event of events) applyEvent(view, event);
  return view;
}

const sims = (count: number, start: number, end?: number) =>
  Array.from({ length: count }, (_, n) => ({ step: `sim${n}`, start, ...(end !== undefined && { end }) }));

describe('the duration of a run', () => {
  it('has each stage, with the median of its steps', () => {
    const view = viewOf([
      ...sims(9, 2, 10),
      { step: 'sim9', start: 5, end: 100 },
      { step: 'merge', start: 101, end: 111 },
    ]);
    expect(timingOf(view, CREATED, at(120))).toEqual({
      seconds: 120,
      stages: [
        { name: 'sim', steps: 10, start: 2, end: 100, median: 8 },
        { name: 'merge', steps: 1, start: 101, end: 111, median: 10 },
      ],
    });
  });

  it('leaves out stages that did not run', () => {
    expect(timingOf(viewOf(sims(10, 2, 10)), CREATED, at(20)).stages.map(({ name }) => name)).toEqual(['sim']);
  });
});

describe('the expected end', () => {
  const usual = timingOf(viewOf([...sims(10, 10, 110), { step: 'merge', start: 110, end: 130 }]), CREATED, at(140));

  it('is unknown without earlier runs, and when the run has ended', () => {
    expect(expectedEnd(viewOf([]), CREATED, [], at(5))).toBeUndefined();
    const ended = viewOf([]);
    applyEvent(ended, { time: at(1), type: 'ended', verdict: 'passed', reason: '' });
    expect(expectedEnd(ended, CREATED, [usual], at(5))).toBeUndefined();
  });

  it('comes from the earlier runs before any step runs', () => {
    expect(expectedEnd(viewOf([]), CREATED, [usual], at(5))).toBe(at(140));
    expect(expectedEnd(viewOf([]), CREATED, [usual, { ...usual, seconds: 160 }], at(5))).toBe(at(150));
  });

  it('is later if a stage began later', () => {
    expect(expectedEnd(viewOf(sims(10, 60)), CREATED, [usual], at(61))).toBe(at(190));
  });

  it('follows the pace of a stage once some of its steps have ended', () => {
    const slow = viewOf([...sims(5, 10, 110), { step: 'sim5', start: 110 }]);
    expect(expectedEnd(slow, CREATED, [usual], at(110))).toBe(at(240));
  });

  it('depends on the number of steps of a stage', () => {
    const half = { ...usual, stages: usual.stages.map((stage) => ({ ...stage, steps: stage.steps / 2 })) };
    expect(expectedEnd(viewOf(sims(10, 10)), CREATED, [half], at(11))).toBe(at(240));
  });

  it('is never in the past', () => {
    expect(expectedEnd(viewOf([]), CREATED, [usual], at(500))).toBe(at(500));
  });
});

describe('earlier runs', () => {
  const record = (id: string, more: Partial<RunRecord>): RunRecord =>
    ({
      id,
      name: 'n',
      workflow: 'mc',
      created: Number(id),
      timing: { seconds: Number(id), stages: [] },
      ...more,
    }) as RunRecord;

  it('are the newest five of the same name, or else of the same workflow', () => {
    const all = ['1', '2', '3', '4', '5', '6', '9'].map((id) => record(id, {}));
    const other = record('5', { workflow: 'reco' });
    const { timing: _none, ...unfinished } = record('6', {});
    const own = { id: '8', name: 'n', workflow: 'mc', created: 8 };
    expect(earlierTimings([...all, other, unfinished], own).map(({ seconds }) => seconds)).toEqual([6, 5, 4, 3, 2]);
    expect(earlierTimings(all, { ...own, name: 'x' })).toHaveLength(5);
    expect(earlierTimings([...all, record('7', { name: 'x' })], { ...own, name: 'x' })).toHaveLength(1);
  });
});
