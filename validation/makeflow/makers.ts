import type { Maker } from '../step/stage-file.ts';
import type { Plan, Stage, Step } from '../workflow/plan.ts';

/**
 * The inputs of a stage that are fetched from the OutputDir of a step before it, such as the calibration objects that a
 * merging step stores and the next pass unpacks. Only steps that are their stage's one step have an OutputDir that the
 * inputs of another stage can name.
 */
export function makersOf(plan: Plan, stage: Stage): Maker[] {
  const fetched = stage.inputs.flatMap((input) =>
    input.kind === 'worker' ? [input.path] : input.kind === 'xrootd' ? [input.url] : [],
  );
  if (fetched.length === 0) return [];
  const before = stagesBefore(plan, stage);
  const only = new Map<Stage, Step | undefined>();
  for (const step of plan.steps) {
    if (before.has(step.stage)) only.set(step.stage, only.has(step.stage) ? undefined : step);
  }
  return fetched.flatMap((from) => {
    const makers = [...only.values()].flatMap((step) => (step && storedBelow(step, from) !== undefined ? [step] : []));
    // of OutputDirs within each other the inner one
    const [step] = makers.sort((a, b) => b.stage.outputDirTemplate.length - a.stage.outputDirTemplate.length);
    return step ? [{ from, step: step.id, output: storedBelow(step, from) as string }] : [];
  });
}

/** All that it waits for, also by way of others. */
function stagesBefore(plan: Plan, stage: Stage): Set<Stage> {
  const byName = new Map(plan.stages.map((one) => [one.name, one]));
  const before = new Set<Stage>();
  const reach = ({ after }: Stage): void => {
    for (const name of after) {
      const other = byName.get(name);
      if (!other || before.has(other)) continue;
      before.add(other);
      reach(other);
    }
  };
  reach(stage);
  return before;
}

/** Name of a place below a step's OutputDir. */
function storedBelow({ stage: { outputDirTemplate } }: Step, place: string): string | undefined {
  if (outputDirTemplate === '' || !place.startsWith(`${outputDirTemplate}/`)) return undefined;
  return place.slice(outputDirTemplate.length + 1);
}
