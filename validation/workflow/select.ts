import { fail } from './errors.ts';

export interface Selection {
  /** The first stage that runs. Earlier stages count as done. */
  startAt?: string | undefined;
  /** The last stage that runs. */
  stopAt?: string | undefined;
  /** The only step that runs. */
  only?: string | undefined;
}

/**
 * The stages that run, in the order of the workflow file.
 * @param stepsOf ids of the steps of a stage, if they are known
 * @throws {WorkflowError} for an unknown stage or step, or a last stage before the first
 */
export function selectStages(
  stages: readonly string[],
  selection: Selection,
  stepsOf: (stage: string) => readonly string[],
): ReadonlySet<string> {
  const { startAt, stopAt, only } = selection;
  if (only !== undefined) {
    if (startAt !== undefined || stopAt !== undefined)
      fail('name either one step, or the first and last stage, but not both');
    return new Set([stages.find((stage) => stepsOf(stage).includes(only)) ?? unknownStep(only, stages, stepsOf)]);
  }
  const first = startAt === undefined ? 0 : indexOf(stages, startAt);
  const last = stopAt === undefined ? stages.length - 1 : indexOf(stages, stopAt);
  if (last < first) fail(`the run cannot stop at ${stopAt}, because that stage comes before the first one, ${startAt}`);
  return new Set(stages.slice(first, last + 1));
}

function indexOf(stages: readonly string[], name: string): number {
  const index = stages.indexOf(name);
  return index >= 0 ? index : fail(`this workflow has no stage '${name}'. Its stages are ${stages.join(', ')}`);
}

function unknownStep(step: string, stages: readonly string[], stepsOf: (stage: string) => readonly string[]): never {
  const examples = stages.map((stage) => {
    const ids = stepsOf(stage);
    return ids.length > 1 ? `${ids[0]} to ${ids.at(-1)}` : (ids[0] ?? `those of ${stage} (not known yet)`);
  });
  return fail(`this workflow has no step '${step}'. Its steps are ${examples.join(', ')}`);
}
