import type { Change, StepReport } from '../report/model.ts';
import { median } from '../statistics/quantiles.ts';

type Quantity = Change['quantity'];

/** Less than that is never worth a word: seconds and bytes. */
const LEAST: Record<Quantity, number> = { duration: 1, cpuTime: 1, peakMemory: 32e6, outputBytes: 1000 };
const QUANTITIES = Object.keys(LEAST) as Quantity[];

/** Share of the median that is noise whatever the earlier runs say; of a comparison with fewer than FEWEST, the second. */
const LEAST_SHARE = 0.2;
const LEAST_SHARE_OF_TWO = 0.35;
/** From fewer earlier runs nothing is known of what is usual. */
const FEWEST = 3;
/**
 * So many times the range of n earlier runs still count as noise, for n of 3 to 10: 98 % of values of the same normal
 * distribution are no farther from the median of the n (found by simulation). A few runs that happen to agree say little. Of
 * more than SEVERAL runs the one that is farthest off is left out of the range, so that it does not hide others for weeks.
 */
const RANGES = [4.3, 2.3, 1.7, 2.5, 1.9, 1.6, 1.4, 1.3] as const;
const SEVERAL = 5;
/** The same for one of many steps, where the others of its stage tell how much a step strays: in standard deviations. */
const DEVIATIONS_OF_MANY = 5;
/** Of so many steps of a stage it can be said how much one of them usually strays from the others. */
const MANY = 5;
/** The standard deviation of normal noise is so many times the median of the absolute deviations. */
const MAD_TO_DEVIATION = 1.4826;

/**
 * What differs from earlier good runs by more than noise: the medians of stages, and single steps where their stage does
 * not as a whole. Only steps that succeeded are looked at.
 * @param earlier the steps of each earlier run
 * @param fewest earlier runs without which nothing is said; where somebody asks for the difference of two runs, 1
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
  // The name of an output says more than the sum.
  const isNamed = ({ stage, step, quantity, direction }: Change): boolean =>
    ofOutputs.some(
      (one) => one.stage === stage && one.step === step && quantity === 'outputBytes' && direction === 'less',
    );
  return [...ofSteps.filter((one) => !isNamed(one)), ...ofOutputs];
}

/** Outputs that say what the program has printed: less of that is no loss. */
const IS_TEXT = /\.(?:log|txt|out|err)$/i;

/** Single outputs that got smaller: in the sum of a step's outputs a small one does not show. */
function smallerOutputs(
  steps: readonly StepReport[],
  earlier: readonly (readonly StepReport[])[],
  fewest: number,
): Change[] {
  const names = new Set(steps.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  return [...names]
    .filter((name) => !IS_TEXT.test(name))
    .flatMap((name) => {
      const only = (run: readonly StepReport[]): Map<string, StageValues> =>
        valuesOf(
          run
            .filter(({ outputs }) => outputs.some((output) => output.name === name))
            .map((step) => ofOutput(step, name)),
        );
      const past = earlier.map(only);
      return [...only(steps)].flatMap(([stage, own]) =>
        changesOf(
          stage,
          'outputBytes',
          own,
          past.flatMap((run) => run.get(stage) ?? []),
          fewest,
        )
          .filter(({ direction }) => direction === 'less')
          .map(({ stage: of, step, ...rest }) => ({
            stage: of,
            ...(step !== undefined && { step }),
            output: name,
            ...rest,
          })),
      );
    });
}

function ofOutput(step: StepReport, name: string): StepReport {
  const { outputBytes: _, ...rest } = step;
  return { ...rest, outputs: step.outputs.filter((output) => output.name === name) };
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
  // How much a step of this stage varies is known better from all of them than from the few runs of one.
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

/** @param share deviation to be expected at least, relative to the median */
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

/** Standard deviation of what steps of a stage take now relative to what each took before; 0 where too few are known. */
function deviationOfRatios(steps: readonly { value: number; before: readonly number[] }[]): number {
  const ratios = steps.flatMap(({ value, before }) => {
    const usual = median(before);
    return usual > 0 ? value / usual : [];
  });
  return ratios.length < MANY ? 0 : deviation(ratios);
}

/** What values of earlier runs may differ by, by themselves. */
function noise(before: readonly number[]): number {
  const n = before.length;
  if (n < FEWEST) return 0;
  const usual = median(before);
  const farthestLast = [...before].sort((a, b) => Math.abs(a - usual) - Math.abs(b - usual));
  const counted = n > SEVERAL ? farthestLast.slice(0, -1) : farthestLast;
  return (RANGES[n - FEWEST] ?? RANGES[RANGES.length - 1] ?? 0) * (Math.max(...counted) - Math.min(...counted));
}

/** Robust, so that what stands out does not hide itself. */
function deviation(values: readonly number[]): number {
  const middle = median(values);
  return MAD_TO_DEVIATION * median(values.map((value) => Math.abs(value - middle)));
}
