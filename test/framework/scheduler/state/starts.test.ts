import { describe, expect, it } from 'vitest';
import {
  noteStart,
  STARTING_PER_AGENT,
  type StartRate,
  sharing,
  startingAtMost,
  startsPerSecond,
  USUAL_STARTS_PER_SECOND,
} from '../../../../framework/scheduler/state/starts.ts';
import { Harness, manager, need, offer, pool, START, status } from '../fixtures.ts';

/** The rate after workers were launched and began to run at these times, ms. */
function seen(...starts: [launchedAt: number, runningAt: number][]): StartRate | undefined {
  const rates = new Map<string, StartRate>();
  for (const [launchedAt, runningAt] of starts) noteStart(rates, { agentId: 'a', launchedAt }, runningAt);
  return rates.get('a');
}

const times = <Item>(count: number, of: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => of(index));

describe('the start rate of an agent', () => {
  it('is the usual one before any start was seen, with no limit but the general one', () => {
    expect(startsPerSecond(undefined)).toBe(USUAL_STARTS_PER_SECOND);
    expect(startingAtMost(undefined)).toBe(STARTING_PER_AGENT);
  });

  it.each<[string, [number, number][], number]>([
    ['one after the other', times(8, (index) => [0, 250 * (index + 1)]), 4],
    ['at the same time', times(8, () => [0, 2000]), 7],
    ['each at once', times(8, (index) => [1000 * index, 1000 * index + 20]), 50],
    ['with pauses in between', times(8, (index) => [10_000 * index, 10_000 * index + 500]), 2],
  ])('counts only the time in which workers start: %s', (_, starts, expected) => {
    expect(startsPerSecond(seen(...starts))).toBeCloseTo(expected, 0);
  });

  it('follows a change within some starts', () => {
    const slow = times(20, (index): [number, number] => [0, 500 * (index + 1)]);
    const quick = times(20, (index): [number, number] => [20_000 + 100 * index, 20_050 + 100 * index]);
    expect(startsPerSecond(seen(...slow))).toBeCloseTo(2, 1);
    expect(startsPerSecond(seen(...slow, ...quick))).toBeGreaterThan(8);
  });

  it('does not take the pull of an image for a slow agent for long', () => {
    const later = times(12, (index): [number, number] => [70_000 + 100 * index, 70_100 + 100 * index]);
    expect(startsPerSecond(seen([0, 60_000], ...later))).toBeGreaterThan(3);
  });

  it('limits the launches that are under way, but never to fewer than four', () => {
    expect(startingAtMost(seen(...times(8, (index): [number, number] => [0, 100 * (index + 1)])))).toBe(13);
    expect(startingAtMost(seen([0, 9000]))).toBe(4);
    expect(startingAtMost(seen([0, 0]))).toBe(STARTING_PER_AGENT);
  });

  it('lets two workers share an agent, unless it starts them slowly', () => {
    const every = (ms: number) => seen(...times(8, (index): [number, number] => [0, ms * (index + 1)]));
    expect(sharing(undefined)).toBe(2);
    expect([20, 250, 300, 400, 1000].map((ms) => sharing(every(ms)))).toEqual([2, 2, 2, 1, 1]);
  });

  it('is seen by the core, from the launch to the first report that a worker runs', () => {
    const harness = Harness.subscribed([pool()], [manager({ waiting: [need(4)] })]);
    harness.offer(offer());
    for (const id of ['F.1', 'F.2']) {
      harness.now += 500;
      harness.update(status(id, 'TASK_STARTING'));
      harness.update(status(id, 'TASK_RUNNING'));
      harness.update(status(id, 'TASK_RUNNING'));
    }
    const rate = harness.state.startRates.get('agent-1');
    expect(rate).toMatchObject({ lastAt: START + 1000 });
    expect(startsPerSecond(rate)).toBeCloseTo(2);
  });
});
