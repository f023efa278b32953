import { splitParameters } from '../files/places.ts';
import { expand, hasVariable } from '../jdl/variables.ts';
import type { InputFile, Stage, Step } from '../workflow/plan.ts';
import type { Maker } from './stage-file.ts';

/**
 * The inputs of a stage that come from the OutputDir of an earlier step, such as the calibration objects that a
 * merging step stores and the next pass unpacks.
 */
export function makersOf(
  { stages, steps }: { stages: readonly Stage[]; steps: readonly Step[] },
  stage: Stage,
): Maker[] {
  const fetched = stage.inputs.map(placeFetched).filter((place) => place !== undefined);
  if (fetched.length === 0) return [];
  const before = stagesBefore(stages, stage);
  const candidates = steps.filter((step) => before.has(step.stage));
  return fetched.flatMap((from) => {
    const makers = candidates.flatMap((step) => {
      const output = storedBelow(step, from);
      return output === undefined ? [] : [{ from, step: step.id, output }];
    });
    // if OutputDirs contain one another, the innermost one counts
    return makers.sort((a, b) => a.output.length - b.output.length).slice(0, 1);
  });
}

/** The address from which the step itself fetches an input; undefined for an input that is sent to it. */
export function placeFetched(input: InputFile): string | undefined {
  return input.kind === 'worker' ? input.path : input.kind === 'xrootd' ? input.url : undefined;
}

/** All steps that it waits for, directly or through others. */
function stagesBefore(stages: readonly Stage[], stage: Stage): Set<Stage> {
  const byName = new Map(stages.map((one) => [one.name, one]));
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

/** The relative name of a place below a step's OutputDir. */
function storedBelow(step: Step, place: string): string | undefined {
  const { outputDirTemplate: template } = step.stage;
  const { path } = splitParameters(place);
  // with thousands of steps, compare first what their OutputDirs have in common
  if (hasVariable(template) && !path.startsWith(template.slice(0, template.indexOf('#alien')))) return undefined;
  const directory = splitParameters(expand(template, step)).path.replace(/\/+$/, '');
  return directory !== '' && path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}
