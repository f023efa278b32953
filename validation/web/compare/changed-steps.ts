import type { Diff } from '../../server/api.ts';

/** A duration differs when it is half as long again, and by more than a few seconds. */
const RATIO = 1.5;
const SECONDS = 5;

/** Steps that ended otherwise, are in one run only, or took much longer or shorter; those of another state first. */
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
