import type { Diff } from '../../server/api.ts';

/** Two durations differ if one is more than half as long again as the other, and a few seconds longer. */
const RATIO = 1.5;
const SECONDS = 5;

/** Steps whose state or duration differs, or that only one run has. Steps with different states come first. */
export function changedSteps(steps: Diff['steps']): Diff['steps'] {
  const otherState = ({ stateA, stateB }: Diff['steps'][number]): boolean => stateA !== stateB;
  const otherTime = ({ secondsA, secondsB }: Diff['steps'][number]): boolean => {
    if (secondsA === undefined || secondsB === undefined) return false;
    const [less, more] = secondsA < secondsB ? [secondsA, secondsB] : [secondsB, secondsA];
    return more - less > SECONDS && more > RATIO * less;
  };
  return steps
    .filter((step) => otherState(step) || otherTime(step))
    .sort((a, b) => Number(otherState(b)) - Number(otherState(a)));
}
