import { BY_URGENCY } from '../../graph/states.ts';
import type { StepState } from '../../report/model.ts';
import type { Bar } from './timeline-layout.ts';

/** The number of steps of a stage that ran at the same time: the mean for each state and each column. */
export interface Density {
  stage: string;
  states: { state: StepState; running: Float64Array }[];
  /** The largest sum of a column. */
  most: number;
}

/**
 * Sums up bars, if there are too many to draw each one.
 * @param from the first moment, `to` the last one, ms since 1970, with `columns` columns between them
 * @param now the end of bars whose step still runs
 */
export function densityOf(
  bars: readonly Bar[],
  stages: readonly string[],
  { from, to, columns, now }: { from: number; to: number; columns: number; now: number },
): Density[] {
  const width = (to - from) / columns;
  const sums = stages.map(() => new Map<StepState, Float64Array>());
  for (const { stage, state, started, ended = now } of bars) {
    if (started === undefined || started >= to || ended <= from) continue;
    const ofStage = sums[stage];
    if (!ofStage) continue;
    const running = ofStage.get(state) ?? new Float64Array(columns);
    ofStage.set(state, running);
    const [begin, end] = [Math.max(0, (started - from) / width), Math.min(columns, (ended - from) / width)];
    for (let column = Math.floor(begin); column < end; column++) {
      running[column] = (running[column] as number) + Math.min(end, column + 1) - Math.max(begin, column);
    }
  }
  return sums.map((ofStage, n) => {
    const states = BY_URGENCY.flatMap((state) => {
      const running = ofStage.get(state);
      return running ? [{ state, running }] : [];
    });
    let most = 0;
    for (let column = 0; column < columns; column++)
      most = Math.max(
        most,
        states.reduce((sum, { running }) => sum + (running[column] as number), 0),
      );
    return { stage: stages[n] ?? '', states, most };
  });
}
