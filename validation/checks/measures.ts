import type { Change, StepReport } from '../report/model.ts';
import { median } from '../statistics/quantiles.ts';

type Quantity = Change['quantity'];

/** Smaller differences are never reported. Seconds and bytes. */
const LEAST: Record<Quantity, number> = { duration: 1, cpuTime: 1, peakMemory: 32e6, outputBytes: 1000 };
const QUANTITIES = Object.keys(LEAST) as Quantity[];

/** The least noise as a share of the median; the second applies with fewer than FEWEST earlier runs. */
const LEAST_SHARE = 0.2;
const LEAST_SHARE_OF_TWO = 0.35;
/** With fewer earlier runs the usual value is unknown. */
const FEWEST = 3;
/**
 * The noise of a value, as a multiple of the range of n earlier runs, for n of 3 to 10. 98 % of the values of the same normal
 * distribution are within this distance from the median of the n runs (found by simulation). With more than SEVERAL runs
 * the run farthest from the median does not count in the range, so that one bad run does not hide changes for weeks.
 */
const RANGES = [4.3, 2.3, 1.7, 2.5, 1.9, 1.6, 1.4, 1.3] as const;
const SEVERAL = 5;
/** The noise of one of many steps, in standard deviations, which are estimated from the other steps of its stage. */
const DEVIATIONS_OF_MANY = 5;
/** The least number of steps of a stage from which a standard deviation is estimated. */
const MANY = 5;
/** The standard deviation of a normal distribution, as a multiple of the median of the absolute deviations. */
const MAD_TO_DEVIATION = 1.4826;

/**
 * Finds differences from earlier good runs beyond the noise: of the median of a stage, and of single steps whose stage did
 * not change in the same direction. Only steps that succeeded count.
 * @param earlier the steps of each earlier run
 * @param fewest the least number of earlier runs; 1 for the difference of two runs
 */
export function findChanges(
  steps: readonly StepReport[],
  earlier: readonly (readonly StepReport[])[],
  fewest: number = FEWEST,
): Change[] {
  const now = valuesOf(steps);
  const before = earlier.map(valuesOf);
  const ofSteps = [...now].flatMap(([stage, own]) => {
    const past = before.flatMap((run) => run.get(stage) ?? []);
    return QUANTITIES.flatMap((quantity) => changesOf(stage, quantity, own, past, fewest));
  });
  const ofOutputs = smallerOutputs(steps, earlier, fewest);
  // A change of a named output replaces the change of the sum.
  const placeOf = ({ stage, step }: Change): string => JSON.stringify([stage, step]);
  const named = new Set(ofOutputs.map(placeOf));
  const isNamed = (one: Change): boolean =>
    one.quantity === 'outputBytes' && one.direction === 'less' && named.has(placeOf(one));
  return [...ofSteps.filter((one) => !isNamed(one)), ...ofOutputs];
}

/** Outputs that hold printed text: a shorter text is no regression. */
const IS_TEXT = /\.(?:log|txt|out|err)$/i;

/** Single outputs that got smaller: a small output does not show in the sum of a step's outputs. */
function smallerOutputs(
  steps: readonly StepReport[],
  earlier: readonly (readonly StepReport[])[],
  fewest: number,
): Change[] {
  if (earlier.length < fewest) return [];
  const past = earlier.map(sizesOf);
  return [...sizesOf(steps)].flatMap(([name, stages]) =>
    [...stages].flatMap(([stage, own]) =>
      changesOf(
        stage,
        'outputBytes',
        own,
        past.flatMap((run) => run.get(name)?.get(stage) ?? []),
        fewest,
      )
        .filter(({ direction }) => direction === 'less')
        .map(({ stage: of, step, ...rest }) => ({
          stage: of,
          ...(step !== undefined && { step }),
          output: name,
          ...rest,
        })),
    ),
  );
}

/** The sizes of outputs that are no text, by the name of the output, then by stage. */
function sizesOf(steps: readonly StepReport[]): Map<string, Map<string, StageValues>> {
  const names = new Map<string, Map<string, StageValues>>();
  for (const { id, stage, state, outputs } of steps) {
    if (state !== 'succeeded') continue;
    for (const { name, size } of outputs) {
      if (IS_TEXT.test(name)) continue;
      const stages = names.get(name) ?? new Map<string, StageValues>();
      const values = stages.get(stage) ?? new Map<string, Partial<Record<Quantity, number>>>();
      const before = values.get(id)?.outputBytes ?? 0;
      values.set(id, { outputBytes: before + size });
      names.set(name, stages.set(stage, values));
    }
  }
  return names;
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

function changesOf(
  stage: string,
  quantity: Quantity,
  own: StageValues,
  past: readonly StageValues[],
  fewest: number,
): Change[] {
  const all = (values: StageValues): number[] => [...values.values()].flatMap((one) => one[quantity] ?? []);
  const medians = past
    .map(all)
    .filter((values) => values.length > 0)
    .map(median);
  const mine = all(own);
  if (mine.length === 0 || medians.length < fewest) return [];
  const only = own.size === 1 && past.every((run) => run.size === 1) ? [...own.keys()][0] : undefined;
  const ofStage = change(quantity, median(mine), medians, 0);
  const changes = ofStage ? [{ stage, ...(only !== undefined && { step: only }), quantity, ...ofStage }] : [];
  if (only !== undefined) return changes;
  // All steps of the stage together give a better estimate of the noise than the few runs of one step.
  const ofSteps = [...own].flatMap(([step, values]) => {
    const before = past.flatMap((run) => run.get(step)?.[quantity] ?? []);
    const value = values[quantity];
    return value === undefined || before.length < fewest ? [] : { step, value, before };
  });
  const share = deviationOfRatios(ofSteps);
  for (const { step, value, before } of ofSteps) {
    const found = change(quantity, value, before, share);
    if (found && found.direction !== ofStage?.direction) changes.push({ stage, step, quantity, ...found });
  }
  return changes;
}

/** @param share the expected standard deviation, relative to the median; 0 if unknown */
function change(quantity: Quantity, value: number, before: readonly number[], share: number) {
  const usual = median(before);
  const spread = Math.max(
    DEVIATIONS_OF_MANY * share * usual,
    share > 0 ? 3 * deviation(before) : noise(before),
    (before.length < FEWEST ? LEAST_SHARE_OF_TWO : LEAST_SHARE) * usual,
    LEAST[quantity],
  );
  if (Math.abs(value - usual) <= spread) return undefined;
  return {
    value,
    usual,
    spread,
    runs: before.length,
    direction: value > usual ? ('more' as const) : ('less' as const),
  };
}

/** Standard deviation of the ratios of now to before over the steps of a stage; 0 if there are too few steps. */
function deviationOfRatios(steps: readonly { value: number; before: readonly number[] }[]): number {
  const ratios = steps.flatMap(({ value, before }) => {
    const usual = median(before);
    return usual > 0 ? value / usual : [];
  });
  return ratios.length < MANY ? 0 : deviation(ratios);
}

/** The noise, estimated from the values of earlier runs. */
function noise(before: readonly number[]): number {
  const n = before.length;
  if (n < FEWEST) return 0;
  const usual = median(before);
  const farthestLast = [...before].sort((a, b) => Math.abs(a - usual) - Math.abs(b - usual));
  const counted = n > SEVERAL ? farthestLast.slice(0, -1) : farthestLast;
  return (RANGES[n - FEWEST] ?? RANGES[RANGES.length - 1] ?? 0) * (Math.max(...counted) - Math.min(...counted));
}

/** A robust standard deviation, so that an outlier does not raise it. */
function deviation(values: readonly number[]): number {
  const middle = median(values);
  return MAD_TO_DEVIATION * median(values.map((value) => Math.abs(value - middle)));
}
