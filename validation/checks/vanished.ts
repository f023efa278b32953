import type { Change, StepReport } from '../report/model.ts';
import { median } from '../statistics/quantiles.ts';

/** The steps of one run, by their ids. */
export type StepsById = ReadonlyMap<string, StepReport>;

/**
 * Names of outputs that a step made in all earlier runs, but not in this run. With only one earlier run a name with many
 * digits does not count: it may contain a time or a process id.
 * @param earlier the steps of each earlier run
 */
export function vanishedOutputs(
  { id, outputs }: Pick<StepReport, 'id' | 'outputs'>,
  earlier: readonly StepsById[],
): string[] {
  const before = earlier.flatMap((steps) => steps.get(id) ?? []).filter(({ state }) => state === 'succeeded');
  const [first, ...others] = before.map((step) => new Set(step.outputs.map(({ name }) => name)));
  const now = new Set(outputs.map(({ name }) => name));
  return [...(first ?? [])].filter(
    (name) => !now.has(name) && others.every((names) => names.has(name)) && (others.length > 0 || !/\d{4}/.test(name)),
  );
}

/** The vanished outputs of all steps that succeeded, as changes of sizes. */
export function vanishedChanges(steps: readonly StepReport[], earlier: readonly StepsById[]): Change[] {
  return steps.flatMap((step) => {
    if (step.state !== 'succeeded') return [];
    return vanishedOutputs(step, earlier).map((output): Change => {
      const before = earlier.flatMap((run) => run.get(step.id)?.outputs ?? []).filter(({ name }) => name === output);
      const usual = median(before.map(({ size }) => size));
      const { id, stage } = step;
      return {
        ...{ stage, step: id, output, quantity: 'outputBytes', value: 0, usual },
        spread: 0,
        runs: before.length,
        direction: 'less',
      };
    });
  });
}
