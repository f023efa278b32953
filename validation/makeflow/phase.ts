import { makersOf } from '../step/makers.ts';
import { STEP_FILES, stepFile } from '../step/names.ts';
import type { Maker } from '../step/stage-file.ts';
import type { InputFile, Plan, Stage, Step } from '../workflow/plan.ts';
import { Aliases, type PlacedFile } from './aliases.ts';

/** The data from which the files of one Makeflow run are written. */
export interface Phase {
  number: number;
  /** In the order of the rules, which makeflow numbers as nodes from 0: the plan's steps, then joins. */
  steps: Step[];
  /** How many of them are steps of the plan. */
  planned: number;
  /** Stages of these steps, in order. */
  stages: Stage[];
  aliases: Aliases;
  /** Ids of the source rules of a step. */
  sourcesOf: (step: Step) => readonly string[];
  /** The ids among them whose failure keeps the step from running. */
  waitsOf: (step: Step) => readonly string[];
  /** Earlier steps whose stored outputs the steps of a stage fetch. */
  makersOf: (stage: Stage) => readonly Maker[];
}

/** The plan's steps of one phase. The index is makeflow's node number. */
export function phaseSteps(plan: Plan, phase: number): Step[] {
  return plan.steps.filter((step) => step.stage.phase === phase);
}

/** From this many waiting and awaited steps on, a join is put between them: N + M dependencies, not N × M. */
const JOIN_FROM = 50;

/**
 * The largest size of a rule's source files, bytes. Makeflow does not read a first rule with more than 1 MiB of them ("Found end
 * of file while completing file list"), and runs a rule with more than 2 MiB at once, as if it had none.
 */
export const SOURCES_AT_MOST = 1_000_000;

/** Steps that wait for more than this get several joins, bytes. */
const JOINED_AT_MOST = SOURCES_AT_MOST / 2;

/**
 * @throws {RangeError} when the plan cannot be written: ids that are not letters and digits or occur twice, a step that
 *   waits for one that does not exist or is later, an input that no step makes
 */
export function preparePhase(plan: Plan, number: number): Phase {
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  if (byId.size < plan.steps.length) throw new RangeError(`${plan.name}: two steps have the same id`);
  const steps = phaseSteps(plan, number);
  for (const { id, index } of steps) {
    if (!/^[A-Za-z0-9]+$/.test(id)) throw new RangeError(`step ${id}: an id may contain only letters and digits`);
    if (!Number.isSafeInteger(index) || index < 0) throw new RangeError(`step ${id}: ${index} is not an index`);
  }
  const stages = [...new Set(steps.map((step) => step.stage))];
  for (const stage of stages) for (const input of stage.inputs) checkMade(stage, input, byId);

  const mayBlock = blockingStages(plan);
  const { joins, inPlaceOf } = makeJoins(steps, number);
  const joinsById = new Map(joins.map((join) => [join.id, join]));
  const blocks = (id: string): boolean =>
    joinsById.get(id)?.after.some(blocks) ?? mayBlock.has(byId.get(id)?.stage.name ?? JOIN.name);
  const waited = remembered((after: readonly string[]) => {
    const joined = inPlaceOf.get(after);
    if (joined) return joined;
    return after.filter((id) => {
      const phase = byId.get(id)?.stage.phase;
      if (phase === undefined) throw new RangeError(`a step waits for ${id}, which is not in the plan`);
      if (phase > number) throw new RangeError(`a step of phase ${number} waits for ${id} of phase ${phase}`);
      return phase === number || blocks(id); // earlier phases have ended, but whether they failed must be checked
    });
  });
  const waits = remembered((after: readonly string[]) => (inPlaceOf.get(after) ?? after).filter(blocks));
  const joinWaits = remembered((after: readonly string[]) => after.filter(blocks));
  return {
    number,
    steps: [...steps, ...joins],
    planned: steps.length,
    stages: joins.length > 0 ? [...stages, JOIN] : stages,
    aliases: new Aliases(plan, (id) => byId.has(id)),
    sourcesOf: (step) => (step.stage === JOIN ? step.after : waited(step.after)),
    waitsOf: (step) => (step.stage === JOIN ? joinWaits(step.after) : waits(step.after)),
    makersOf: (stage) => makersOf(plan, stage),
  };
}

/** Files of this machine, and generated texts, that the stages of a phase need in makeflow's directory. */
export function placedFiles({ stages, aliases }: Phase): PlacedFile[] {
  const files = new Map<string, PlacedFile>();
  for (const stage of stages) {
    for (const input of stage.inputs) {
      if (input.kind === 'sent') files.set(aliases.alias(input), { alias: aliases.alias(input), source: input.source });
      if (input.kind === 'generated')
        files.set(aliases.alias(input), { alias: aliases.alias(input), lines: input.lines });
    }
  }
  return [...files.values()];
}

/** Names of the stages whose failure may keep later ones from running: those that must succeed, and all after them. */
function blockingStages(plan: Plan): Set<string> {
  const blocking = new Set(plan.stages.filter((stage) => stage.onFailure === 'stop').map((stage) => stage.name));
  for (let before = -1; before < blocking.size; ) {
    before = blocking.size;
    for (const stage of plan.stages) if (stage.after.some((name) => blocking.has(name))) blocking.add(stage.name);
  }
  return blocking;
}

interface Joins {
  joins: Step[];
  /** The ids of the joins for which a step waits in the place of a list of steps. */
  inPlaceOf: Map<readonly string[], readonly string[]>;
}

function makeJoins(steps: readonly Step[], phase: number): Joins {
  const users = new Map<readonly string[], number>();
  for (const { after } of steps) if (after.length >= JOIN_FROM) users.set(after, (users.get(after) ?? 0) + 1);
  const joins: Step[] = [];
  const join = (after: readonly string[]): string => {
    // the hyphen distinguishes these ids from those of steps
    const id = `join-${phase}-${joins.length}`;
    joins.push({ id, stage: JOIN, index: joins.length, after });
    return id;
  };
  const inPlaceOf = new Map<readonly string[], readonly string[]>();
  for (const [after, count] of users) {
    const parts = partsOf(after);
    const waited = parts.length > 1 ? parts.map(join) : after;
    if (count >= JOIN_FROM) inPlaceOf.set(after, [join(waited)]);
    else if (parts.length > 1) inPlaceOf.set(after, waited);
  }
  return { joins, inPlaceOf };
}

/** The ids in the fewest parts, in order, that rules can wait for. */
function partsOf(ids: readonly string[]): (readonly string[])[] {
  const parts: string[][] = [];
  let room = 0;
  for (const id of ids) {
    const size = stepFile(id, 'result.json').length + 1;
    if (room < size) {
      parts.push([]);
      room = JOINED_AT_MOST;
    }
    parts.at(-1)?.push(id);
    room -= size;
  }
  return parts;
}

function checkMade(stage: Stage, input: InputFile, byId: ReadonlyMap<string, Step>): void {
  if (input.kind !== 'made') return;
  const maker = byId.get(input.step)?.stage;
  if (maker && ([...STEP_FILES, ...maker.handsOn] as string[]).includes(input.file)) return;
  throw new RangeError(`${stage.name} needs ${stepFile(input.step, input.file)}, which no step makes`);
}

/** The steps of a stage wait for the same steps: the last answer is often the next one too. */
function remembered<Value>(decide: (after: readonly string[]) => Value): (after: readonly string[]) => Value {
  let last: { after: readonly string[]; value: Value } | undefined;
  return (after) => {
    if (last?.after !== after) last = { after, value: decide(after) };
    return last.value;
  };
}

/** A rule without work: its result is that of the rules that it waits for. */
const JOIN: Stage = {
  name: 'relval-join',
  phase: 0,
  after: [],
  executable: 'true',
  executablePath: '/bin/true',
  argumentsTemplate: '',
  environment: [],
  packages: [],
  inputs: [],
  outputs: [],
  saveAll: false,
  dontArchive: true,
  noLiveOutput: true,
  outputDirTemplate: '',
  handsOn: [],
  expects: [],
  onFailure: 'continue',
  retries: 0,
  resources: { cores: 1, memory: 64, disk: 64 },
  copyTimeout: 100,
  copyJobs: 1,
};
