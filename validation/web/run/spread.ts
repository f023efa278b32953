import type { StepSummary } from '../../server/api.ts';
import { quantile } from '../../statistics/quantiles.ts';

export const QUANTITIES = ['seconds', 'cpuTime', 'peakMemory'] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** The distribution of a quantity over the steps of a stage: seconds or bytes. */
export interface Spread {
  stage: string;
  min: number;
  low: number;
  median: number;
  high: number;
  max: number;
  sum: number;
}

/** The distributions by stage, in order of appearance. They include only steps that have the quantity. */
export function spreadOf(steps: readonly StepSummary[], quantity: Quantity): Spread[] {
  const stages = new Map<string, number[]>();
  for (const step of steps) {
    const value = step[quantity];
    if (value === undefined) continue;
    const values = stages.get(step.stage);
    if (values) values.push(value);
    else stages.set(step.stage, [value]);
  }
  return [...stages].map(([stage, values]) => {
    const at = (share: number): number => quantile(values, share);
    const sum = values.reduce((total, value) => total + value, 0);
    return { stage, min: at(0), low: at(0.25), median: at(0.5), high: at(0.75), max: at(1), sum };
  });
}
