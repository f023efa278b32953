import { placeBelow } from '../files/places.ts';
import type { Position } from '../input/input-error.ts';
import { expand } from '../jdl/variables.ts';
import { collectionLines } from './collection.ts';
import { fail, WorkflowError } from './errors.ts';
import type { StageJob } from './fanout.ts';
import { storedFile } from './inputs.ts';
import type { StageOfPart } from './needs.ts';
import type { InputFile, Step } from './plan.ts';
import type { InputData } from './schema.ts';
import type { Selection } from './select.ts';

/** How to provide a file of an earlier run that decides how many steps a stage has. */
export const HOW_TO_GIVE =
  'put it into the current directory or beside the input, or name the run that has it with --from RUN';

/** Names that a collection cannot have, because its step writes logs with these names. */
const OWN_LOGS = ['stdout.log', 'stderr.log'];

/** The name under which a merging step finds the report of another step. */
const REPORT = 'validation_report.txt';

/** A stage and its steps. Not all of them need to run. */
export interface Planned extends StageOfPart {
  /** Undefined until the file that decides about them is made. */
  jobs: readonly StageJob[] | undefined;
  steps: Step[];
  /** Ids that later steps wait for: its own, or while its steps are not known, the ids that it waits for. */
  waitIds: readonly string[];
}

/** Inputs that list the steps of other stages, or that these make. */
export function generatedInputs(
  wanted: Exclude<InputData, string | { optional: string }>,
  after: readonly string[],
  planned: ReadonlyMap<string, Planned>,
  selected: boolean,
  selection: Selection,
  at: Position,
): InputFile[] {
  if ('reports' in wanted) return reportInputs(wanted.reports, after, planned, selection);
  const other = planned.get(wanted.of) as Planned;
  if (selected && !other.jobs && !other.selected) {
    fail(`the steps of ${wanted.of} are not known without the file ${pendingFile(other)}: ${HOW_TO_GIVE}`, at);
  }
  if ('made' in wanted) {
    return other.steps.map((step) => {
      const isOwn = OWN_LOGS.includes(wanted.made);
      const name = other.data.each || isOwn ? `${step.id}.${wanted.made}` : wanted.made;
      return madeInput(other, step, wanted.made, name, selection);
    });
  }
  const name = wanted.collection;
  const directory = other.stage.outputDirTemplate;
  const template = wanted.file ? placeBelow(directory, wanted.file) : directory;
  const lines = () => {
    if (!other.jobs)
      throw new WorkflowError([
        { message: `stage ${name} lists the steps of ${wanted.of}, which are not known yet`, at },
      ]);
    return collectionLines(
      name,
      other.jobs.map((job) => ({ index: job.index, file: expand(template, job) })),
    );
  };
  return [{ kind: 'generated', name, unpack: false, lines }];
}

function pendingFile(planned: Planned): string {
  const { each } = planned.data;
  return typeof each === 'object' && 'lines' in each ? each.lines : '';
}

/** A file of an earlier step: handed on if that step runs now, else from where it was stored. */
function madeInput(of: Planned, step: Step, file: string, name: string, selection: Selection): InputFile {
  if (of.selected && selection.only === undefined) return { kind: 'made', name, unpack: false, step: step.id, file };
  const place = placeBelow(expand(of.stage.outputDirTemplate, step), file);
  return storedFile(name, place, false) ?? { kind: 'worker', name, unpack: false, path: place };
}

/** The reports of all steps that it waits for, and a list of them: name, tab, OutputDir. */
function reportInputs(
  list: string,
  after: readonly string[],
  planned: ReadonlyMap<string, Planned>,
  selection: Selection,
): InputFile[] {
  const reached = new Set<string>();
  const reach = (name: string) => {
    if (reached.has(name)) return;
    reached.add(name);
    for (const other of planned.get(name)?.stage.after ?? []) reach(other);
  };
  for (const name of after) reach(name);
  const stages = [...planned.values()].filter((other) => reached.has(other.stage.name));
  const nameOf = (step: Step) => `${step.id}.${REPORT}`;
  function* lines(): Iterable<string> {
    for (const other of stages) {
      for (const step of other.steps) yield `${nameOf(step)}\t${expand(other.stage.outputDirTemplate, step)}`;
    }
  }
  return [
    { kind: 'generated', name: list, unpack: false, lines },
    ...stages.flatMap((other) => other.steps.map((step) => madeInput(other, step, REPORT, nameOf(step), selection))),
  ];
}
