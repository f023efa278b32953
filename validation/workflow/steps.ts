import { formatProblem, type Position } from '../input/input-error.ts';
import { unusedKeys } from '../input/spelling.ts';
import { positionOf, type UsedValues } from '../jdl/keys.ts';
import { expand } from '../jdl/variables.ts';
import { makersOf } from '../step/makers.ts';
import type { Definition } from './definition.ts';
import { fail, WorkflowError } from './errors.ts';
import { type FanOutContext, jobsOf, type StageJob } from './fanout.ts';
import { generatedInputs, HOW_TO_GIVE, type Planned } from './generated-inputs.ts';
import { globMatches } from './glob.ts';
import { Missing } from './inputs.ts';
import { neededFiles } from './needs.ts';
import type { OutputFiles, Plan, SkippedLine, Stage, Step } from './plan.ts';
import type { StageData } from './schema.ts';
import { type Selection, selectStages } from './select.ts';
import { buildStage, type StageContext } from './stage.ts';

export interface PlanInput {
  name: string;
  definition: Definition;
  /** The keys of the JDL; where it lacks one, those of the workflow file. */
  values: UsedValues;
  /** The workflow belongs to relval. */
  builtIn: boolean;
  folders: readonly string[];
  payloadFolders: readonly string[];
  outputBase: string | undefined;
  bins: Readonly<Record<string, readonly string[]>>;
  selection: Selection;
  /** Missing local input files are a warning, not an error. */
  allowMissing: boolean;
  sources: string[];
  warnings: string[];
}

/**
 * Turns definition and JDL into stages and steps. Steps share their stage and their lists of ids, and nothing is expanded.
 * @throws {WorkflowError}
 */
export function buildPlan(input: PlanInput): Plan {
  const { definition, warnings, sources, bins, selection } = input;
  const stages = definition.data.stages;
  const skippedLines: SkippedLine[] = [];
  const fanOut: FanOutContext = { values: input.values, folders: input.folders, bins, sources, warnings, skippedLines };
  const jobs = new Map(
    stages.map((data, i) => [data.name, jobsOf(data.each, definition.at(['stages', i, 'each']), fanOut)] as const),
  );
  const names = stages.map((stage) => stage.name);
  const idsOf = (data: StageData) => (jobs.get(data.name) ?? []).map((job) => stepId(data, job.index));
  const selected = selectStages(names, selection, (name) => idsOf(stages[names.indexOf(name)] as StageData));
  const planned = new Map<string, Planned>();
  const waiting = new WaitLists();
  const missing = new Missing();

  for (const [index, data] of stages.entries()) {
    const at = definition.at(['stages', index]);
    const after = data.after === 'all' ? names.slice(0, index) : data.after;
    const context: StageContext = {
      ...input,
      local: { folders: input.folders, missing },
      firstInput: [...jobs.values()].find((list) => list?.[0]?.inputFile !== undefined)?.[0]?.inputFile,
      noInputAt: positionOf(input.values, 'Split'),
      outputDirOf: (name) => {
        const other = planned.get(name);
        return other && { template: other.stage.outputDirTemplate, first: other.jobs?.[0] ?? { index: 0 } };
      },
      generated: (wanted, _data, place) =>
        generatedInputs(wanted, after, planned, selected.has(data.name), selection, place),
    };
    const stageJobs = jobs.get(data.name);
    const stage = buildStage(data, index, phaseOf(data, after, planned), [...after], context);
    const ids = waiting.of(after, planned);
    const steps = (stageJobs ?? []).map((job) => stepOf(data, stage, job, ids));
    planned.set(data.name, {
      data,
      stage,
      jobs: stageJobs,
      steps,
      waitIds: stageJobs ? steps.map((step) => step.id) : ids,
      selected: selected.has(data.name),
    });
    checkPending(data, stageJobs, selected, at);
    warnOverwriting(stage, stageJobs, warnings);
  }
  checkUnique(planned);
  if (!input.builtIn) {
    const keys = Object.keys(definition.data.jdl ?? {}).map((key) => [key, definition.at(['jdl', key])] as const);
    const own = keys.filter(([key]) => input.values.at(key)?.source.file === definition.file);
    warnings.push(...unusedKeys(new Map(own), input.values.used, 'the jdl of the workflow'));
  }
  if (missing.problems.length > 0 && !input.allowMissing) throw new WorkflowError(missing.problems);
  warnings.push(...missing.problems.map(formatProblem), ...skippedLines.map(skippedText));
  return { ...assemble(input, planned), ...(skippedLines.length > 0 && { skippedLines }) };
}

function skippedText({ file, line, text, expected }: SkippedLine): string {
  return `${file}:${line}: the line was skipped because it does not match ${expected}: ${JSON.stringify(text)}`;
}

function stepId(data: StageData, index: number): string {
  return data.each === undefined ? data.name : data.name + String(index).padStart(4, '0');
}

function stepOf(data: StageData, stage: Stage, job: StageJob, after: readonly string[]): Step {
  const step: Step = { id: stepId(data, job.index), stage, index: job.index, after };
  if (job.inputFile !== undefined) step.inputFile = job.inputFile;
  if (job.extraArguments) step.extraArguments = job.extraArguments;
  return step;
}

/** Lists of ids. Stages that wait for the same stages share one list: with 100,000 ids a list is long. */
class WaitLists {
  private readonly lists = new Map<string, readonly string[]>();

  of(after: readonly string[], planned: ReadonlyMap<string, Planned>): readonly string[] {
    const key = after.join(' ');
    let list = this.lists.get(key);
    if (!list) {
      const parts = after.map((name) => planned.get(name)?.waitIds ?? []);
      list = parts.length === 1 ? (parts[0] as readonly string[]) : [...new Set(parts.flat())];
      this.lists.set(key, list);
    }
    return list;
  }
}

/** The phase of a stage: not before those that it waits for; and after the one that makes the list of its steps. */
function phaseOf(data: StageData, after: readonly string[], planned: ReadonlyMap<string, Planned>): number {
  const madeBy = typeof data.each === 'object' && 'of' in data.each ? planned.get(data.each.of) : undefined;
  const phases = after.map((name) => planned.get(name)?.stage.phase ?? 0);
  return Math.max(0, madeBy ? madeBy.stage.phase + 1 : 0, ...phases);
}

function checkPending(
  data: StageData,
  jobs: readonly StageJob[] | undefined,
  selected: ReadonlySet<string>,
  at: Position,
): void {
  if (jobs || typeof data.each !== 'object' || !('of' in data.each)) return;
  if (!selected.has(data.name) || selected.has(data.each.of)) return;
  fail(
    `${data.name} has one step for each line of ${data.each.lines}, which ${data.each.of} makes: it is not run now, so that file must be given: ${HOW_TO_GIVE}`,
    at,
  );
}

/** Jobs that store their outputs in one place overwrite each other's. */
function warnOverwriting(stage: Stage, jobs: readonly StageJob[] | undefined, warnings: string[]): void {
  // no two jobs have the same number, and what a shell makes of an expression is not known here
  if (/#alien_counter|[$`]/.test(stage.outputDirTemplate)) return;
  const seen = new Set<string>();
  for (const job of jobs ?? []) {
    const directory = expand(stage.outputDirTemplate, job);
    if (seen.has(directory)) {
      warnings.push(
        `${stage.name}: several jobs write to ${directory}, there is no #alien…# in the OutputDir that tells them apart`,
      );
      return;
    }
    seen.add(directory);
  }
}

/** `a` with job 11 and `a0` with job 1 of more than four digits could have the same id. */
function checkUnique(planned: ReadonlyMap<string, Planned>): void {
  const owners = new Map<string, string>();
  for (const { steps, stage } of planned.values()) {
    for (const { id } of steps) {
      const owner = owners.get(id);
      if (owner !== undefined) fail(`the stages ${owner} and ${stage.name} both have a step ${id}: rename one of them`);
      owners.set(id, stage.name);
    }
  }
}

function assemble(input: PlanInput, planned: ReadonlyMap<string, Planned>): Plan {
  const { only } = input.selection;
  const run = [...planned.values()].filter((entry) => entry.selected);
  const steps = run.flatMap((entry) =>
    only === undefined ? entry.steps : entry.steps.filter((step) => step.id === only),
  );
  const phases = [...new Set(run.map((entry) => entry.stage.phase))].sort((a, b) => a - b);
  for (const { stage } of run) stage.phase = phases.indexOf(stage.phase);
  const isPart = run.length < planned.size || only !== undefined;
  if (isPart) dropOutsiders(steps);
  const stages = run.map((entry) => entry.stage);
  if (input.builtIn && isPart) for (const entry of run) expectWhatCounts(entry, stages);
  expectWhatIsFetched(stages, steps, input.warnings);
  const running = new Set(steps);
  for (const { stage } of run) stage.after = stage.after.filter((name) => planned.get(name)?.selected);
  return {
    name: input.name,
    workflow: input.definition.data.name,
    phases: phases.length,
    stages,
    steps,
    pending: run
      .filter((entry) => !entry.jobs)
      .map(({ data }) => {
        const each = data.each as { lines: string; of: string };
        return { stage: data.name, file: each.lines, madeBy: each.of };
      }),
    ...(isPart && { needs: neededFiles([...planned.values()], (step) => running.has(step)) }),
    sources: input.sources,
    warnings: input.warnings,
  };
}

/**
 * What a built-in workflow expects of a stage, its later stages read. Where none of them runs, only what the JDL's own
 * `Output` stores is missed when it is not there.
 */
function expectWhatCounts({ data, stage }: Planned, stages: readonly Stage[]): void {
  if (data.outputs || stages.some(({ after }) => after.includes(stage.name))) return;
  const stored = ({ archive, patterns }: OutputFiles, file: string): boolean =>
    archive === file || patterns.some((pattern) => globMatches(pattern, file));
  stage.expects = stage.expects.filter((file) => stage.saveAll || stage.outputs.some((one) => stored(one, file)));
}

/**
 * A file that a stage fetches from where an earlier step stores its outputs is one that this step must make: otherwise
 * the later one fails, or finds what an earlier run has left there.
 */
function expectWhatIsFetched(stages: readonly Stage[], steps: readonly Step[], warnings: string[]): void {
  const byId = new Map(steps.map((step) => [step.id, step]));
  for (const stage of stages) {
    for (const { step: id, output } of makersOf({ stages, steps }, stage)) {
      const step = byId.get(id) as Step;
      if (step.stage.expects.includes(output) || step.expects?.includes(output)) continue;
      step.expects = [...(step.expects ?? []), output];
      if (stores(step.stage, output)) continue;
      warnings.push(
        `${stage.name} fetches ${output} of ${id}, which is not among the outputs that ${step.stage.name} stores`,
      );
    }
  }
}

/** Whether a stage keeps files of this name, or of a directory above it, as they are; or an archive of this name. */
function stores({ outputs, saveAll }: Stage, file: string): boolean {
  const above = file.split('/').map((_, n, parts) => parts.slice(0, n + 1).join('/'));
  return (
    saveAll ||
    outputs.some(({ archive, patterns }) =>
      archive === undefined
        ? patterns.some((pattern) => above.some((name) => globMatches(pattern, name)))
        : archive === file,
    )
  );
}

/** Steps wait only for steps that are run. */
function dropOutsiders(steps: Step[]): void {
  const ids = new Set(steps.map((step) => step.id));
  const lists = new Map<readonly string[], readonly string[]>();
  for (const step of steps) {
    let list = lists.get(step.after);
    if (!list) {
      list = step.after.filter((id) => ids.has(id));
      lists.set(step.after, list);
    }
    step.after = list;
  }
}
