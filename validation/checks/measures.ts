import type { Change, StepReport } from '../report/model.ts';

type Quantity = Change['quantity'];

/** Less than that is never worth a word: seconds and bytes. */
const LEAST: Record<Quantity, number> = { duration: 1, cpuTime: 1, peakMemory: 32e6, outputBytes: 1000 };
const QUANTITIES = Object.keys(LEAST) as Quantity[];

/**
 * How far from the median still counts as noise: so many standard deviations of the earlier runs, and at least a share of
 * the median. From one or two runs nothing is known of the spread, from a few little.
 */
const DEVIATIONS = 3;
/** The same for one of many steps, of which some stray far without a reason. */
const DEVIATIONS_OF_MANY = 4;
const LEAST_SHARE = { few: 0.35, some: 0.25 } as const;
const FEW = 3;
/** Of so many steps of a stage it can be said how much one of them usually strays from the others. */
const MANY = 5;
/** The standard deviation of normal noise is so many times the median of the absolute deviations. */
const MAD_TO_DEVIATION = 1.4826;

/**
 * What differs from earlier good runs by more than noise: the medians of stages, and single steps where their stage does
 * not as a whole. Only steps that succeeded are looked at.
 * @param earlier the steps of each earlier run
 */
export function findChanges(steps: readonly StepReport[], earlier: readonly (readonly StepReport[])[]): Change[] {
  const now = valuesOf(steps);
  const before = earlier.map(valuesOf);
  return [...now].flatMap(([stage, own]) => {
    const past = before.flatMap((run) => run.get(stage) ?? []);
    return past.length === 0 ? [] : QUANTITIES.flatMap((quantity) => changesOf(stage, quantity, own, past));
  });
}

/** By step. */
type StageValues = Map<string, Partial<Record<Quantity, number>>>;

/** By stage. */
function valuesOf(steps: readonly StepReport[]): Map<string, StageValues> {
  const stages = new Map<string, StageValues>();
  for (const step of steps) {
    if (step.state !== 'succeeded') continue;
    const stage = stages.get(step.stage) ?? new Map();
    stages.set(step.stage, stage.set(step.id, quantitiesOf(step)));
  }
  return stages;
}

function quantitiesOf({ start, end, cpuTime, peakMemory, outputs, outputBytes }: StepReport) {
  const bytes = outputBytes ?? outputs.reduce((sum, { size }) => sum + size, 0);
  return {
    ...(start !== undefined && end !== undefined && { duration: (end - start) / 1000 }),
    ...(cpuTime !== undefined && { cpuTime }),
    ...(peakMemory !== undefined && { peakMemory }),
    outputBytes: bytes,
  };
}

function changesOf(stage: string, quantity: Quantity, own: StageValues, past: readonly StageValues[]): Change[] {
  const all = (values: StageValues): number[] => [...values.values()].flatMap((one) => one[quantity] ?? []);
  const medians = past
    .map(all)
    .filter((values) => values.length > 0)
    .map(median);
  const mine = all(own);
  if (mine.length === 0 || medians.length === 0) return [];
  const only = own.size === 1 && past.every((run) => run.size === 1) ? [...own.keys()][0] : undefined;
  const ofStage = change(quantity, median(mine), medians, 0);
  const changes = ofStage ? [{ stage, ...(only !== undefined && { step: only }), quantity, ...ofStage }] : [];
  if (only !== undefined) return changes;
  // How much a step of this stage varies is known better from all of them than from the few runs of one.
  const ofSteps = [...own].flatMap(([step, values]) => {
    const before = past.flatMap((run) => run.get(step)?.[quantity] ?? []);
    const value = values[quantity];
    return value === undefined || before.length === 0 ? [] : { step, value, before };
  });
  const share = deviationOfRatios(ofSteps);
  for (const { step, value, before } of ofSteps) {
    const found = change(quantity, value, before, share);
    if (found && found.direction !== ofStage?.direction) changes.push({ stage, step, quantity, ...found });
  }
  return changes;
}

/** @param share deviation to be expected at least, relative to the median */
function change(quantity: Quantity, value: number, before: readonly number[], share: number) {
  const usual = median(before);
  const own = deviation(before);
  const least = before.length < FEW ? LEAST_SHARE.few : LEAST_SHARE.some;
  const spread = Math.max(DEVIATIONS * own, DEVIATIONS_OF_MANY * share * usual, least * usual, LEAST[quantity]);
  if (Math.abs(value - usual) <= spread) return undefined;
  return {
    value,
    usual,
    spread,
    runs: before.length,
    direction: value > usual ? ('more' as const) : ('less' as const),
  };
}

/** Standard deviation of what steps of a stage take now relative to what each took before; 0 where too few are known. */
function deviationOfRatios(steps: readonly { value: number; before: readonly number[] }[]): number {
  const ratios = steps.flatMap(({ value, before }) => {
    const usual = median(before);
    return usual > 0 ? value / usual : [];
  });
  return ratios.length < MANY ? 0 : deviation(ratios);
}

/** Robust, so that what stands out does not hide itself; a little more where there are few values. */
function deviation(values: readonly number[]): number {
  const middle = median(values);
  return MAD_TO_DEVIATION * median(values.map((value) => Math.abs(value - middle))) * (1 + 2 / values.length);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? high) + high) / 2;
}
