import { fail } from './errors.ts';

export interface Selection {
  /** The first stage that is run; those listed before it are taken as done. */
  startAt?: string | undefined;
  /** The last stage that is run. */
  stopAt?: string | undefined;
  /** The one step that is run. */
  only?: string | undefined;
}

/**
 * The stages that are run, by the order of the workflow file.
 * @param stepsOf ids of the steps of a stage, as far as they are known
 * @throws {WorkflowError} an unknown stage or step, a last stage before the first
 */
export function selectStages(
  stages: readonly string[],
  selection: Selection,
  stepsOf: (stage: string) => readonly string[],
): ReadonlySet<string> {
  const { startAt, stopAt, only } = selection;
  if (only !== undefined) {
    if (startAt !== undefined || stopAt !== undefined) fail('one step only, or first and last stage: not both');
    return new Set([stages.find((stage) => stepsOf(stage).includes(only)) ?? unknownStep(only, stages, stepsOf)]);
  }
  const first = startAt === undefined ? 0 : indexOf(stages, startAt);
  const last = stopAt === undefined ? stages.length - 1 : indexOf(stages, stopAt);
  if (last < first) fail(`cannot stop at ${stopAt}: it comes before ${startAt}, where the run starts`);
  return new Set(stages.slice(first, last + 1));
}

function indexOf(stages: readonly string[], name: string): number {
  const index = stages.indexOf(name);
  return index >= 0 ? index : fail(`no stage '${name}' in this workflow; its stages are ${stages.join(', ')}`);
}

function unknownStep(step: string, stages: readonly string[], stepsOf: (stage: string) => readonly string[]): never {
  const examples = stages.map((stage) => {
    const ids = stepsOf(stage);
    return ids.length > 1 ? `${ids[0]} to ${ids.at(-1)}` : (ids[0] ?? `those of ${stage}, not known yet`);
  });
  return fail(`no step '${step}' in this workflow; its steps are ${examples.join(', ')}`);
}
