import { baseName, placeAbove } from '../files/places.ts';
import { expand } from '../jdl/variables.ts';
import { placeFetched } from '../step/makers.ts';
import { globMatches } from './glob.ts';
import type { Stage, Step, StoredFile } from './plan.ts';
import type { StageData } from './schema.ts';

/** A stage of a workflow of which only a part runs. */
export interface StageOfPart {
  data: StageData;
  stage: Stage;
  steps: readonly Step[];
  /** At least one of its steps runs. */
  selected: boolean;
}

/**
 * Files that steps which do not run must have stored, because steps that run read them:
 * - the expected outputs of all stages before the first one that runs, and of stages whose files are listed in collections
 * - inputs in the OutputDir of a step that does not run
 */
export function neededFiles(stages: readonly StageOfPart[], isRun: (step: Step) => boolean): StoredFile[] {
  const needs = new Map<string, StoredFile>();
  const add = (need: StoredFile) => needs.set(`${need.directory}/${need.file}`, need);
  const running = stages.filter((entry) => entry.selected);
  const used = new Set(running.flatMap(({ data }) => stagesUsed(data)));
  const given = new Set(
    running.flatMap(({ data: { each } }) => (typeof each === 'object' && 'of' in each ? each.lines : [])),
  );
  const stepOf = new Map<string, string>();
  for (const { data, stage, steps } of stages) {
    const expects = used.has(data.name) ? stage.expects.filter((file) => !given.has(file)) : [];
    for (const step of steps) {
      if (isRun(step)) continue;
      const directory = expand(stage.outputDirTemplate, step);
      stepOf.set(directory, step.id);
      for (const file of expects) add({ step: step.id, directory, file, archives: archivesOf(stage, file) });
    }
  }
  for (const { stage } of running) {
    for (const place of stage.inputs.map(placeFetched)) {
      const directory = place === undefined ? undefined : placeAbove(place);
      const step = directory === undefined ? undefined : stepOf.get(directory);
      if (place === undefined || directory === undefined || step === undefined) continue;
      add({ step, directory, file: baseName(place), archives: [] });
    }
  }
  return [...needs.values()];
}

/** A stage that waits for all others, such as the merging of reports, reads only the files of stages that its inputs name. */
function stagesUsed({ after, inputs }: StageData): string[] {
  const listed = (inputs ?? []).flatMap((input) => (typeof input === 'object' && 'of' in input ? input.of : []));
  return after === 'all' ? listed : [...after, ...listed];
}

function archivesOf({ outputs }: Stage, file: string): string[] {
  return outputs.flatMap(({ archive, patterns }) =>
    archive !== undefined && patterns.some((pattern) => globMatches(pattern, file)) ? archive : [],
  );
}
