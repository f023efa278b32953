import type { StepState } from '../report/model.ts';
import { isFinal } from '../report/step-states.ts';
import type { Plan, Stage } from '../workflow/plan.ts';
import { Waits } from './waits.ts';

/** `auto`: a stage of more than `limit` steps is one node. `stages`: every stage is one node. `none`: every step is a node. */
export type Collapse = 'auto' | 'stages' | 'none';

export interface GraphOptions {
  /** Default: auto. */
  collapse?: Collapse;
  /** With `auto`: the largest number of steps of a stage that are drawn one by one. Default: 12, which fit side by side on a screen. */
  limit?: number;
  /** Names of stages whose steps are drawn one by one, however many they are. */
  open?: readonly string[];
  /** The run to draw; without it, only the plan is drawn. */
  run?: DrawnRun;
}

/** The progress of a run: a `RunView` has this form. Steps of the plan that are missing in it are waiting. */
export interface DrawnRun {
  id: string;
  /** Whether the run goes on. If it does not, steps that still wait did not run. */
  live: boolean;
  steps: ReadonlyMap<string, { id: string; stage: string; state: StepState }>;
}

/**
 * One thing in the drawing.
 * - `step`: one step
 * - `stage`: many steps of a stage
 * - `pending`: a stage whose steps are not known yet
 * - `join`: a point where many edges meet, so that 3 steps that wait for 4 need 7 edges, not 12
 */
export interface GraphNode {
  kind: 'step' | 'stage' | 'pending' | 'join';
  /** Unique in the graph. */
  id: string;
  /** Name of the step, or of the stage. */
  name: string;
  stage: string;
  phase: number;
  /** The number of its steps. */
  steps: number;
  /** Number of its steps by state, if a run is drawn. */
  states?: ReadonlyMap<StepState, number>;
  /** For a step: its input file. For a pending stage: the file that decides about its steps. */
  file?: string;
}

/** An edge between two nodes, as positions in the list of nodes: `to` waits for `from`. */
export interface Edge {
  from: number;
  to: number;
}

/** The graph to draw, without sizes and places. */
export interface Graph {
  /** Name of the plan, or id of the run. */
  name: string;
  workflow: string;
  phases: number;
  stages: number;
  steps: number;
  /** For the whole run, if one is drawn. */
  states?: ReadonlyMap<StepState, number>;
  nodes: GraphNode[];
  /** Without edges that a longer path implies. */
  edges: Edge[];
}

const LIMIT = 12;

/** Time and memory grow with the number of steps, not with that of dependencies, however stages are collapsed. */
export function buildGraph(plan: Plan, options: GraphOptions = {}): Graph {
  const { run } = options;
  const most = { auto: options.limit ?? LIMIT, stages: 1, none: Number.POSITIVE_INFINITY }[options.collapse ?? 'auto'];
  const membersOf = stepsByStage(plan, run);
  const nodes: GraphNode[] = [];
  const nodeOfStep = new Map<string, number>();
  const nodesOfStage = new Map<string, number[]>();
  for (const stage of plan.stages) {
    const members = membersOf.get(stage.name) ?? [];
    const isTogether = members.length > most && !options.open?.includes(stage.name);
    const drawn = nodesOf(stage, members, isTogether, plan.pending, run);
    for (const [n, { id }] of members.entries()) nodeOfStep.set(id, nodes.length + Math.min(n, drawn.length - 1));
    nodesOfStage.set(
      stage.name,
      [...drawn.keys()].map((n) => nodes.length + n),
    );
    for (const node of drawn) nodes.push(node);
  }
  const edges = edgesOf(plan, nodes, nodeOfStep, nodesOfStage);
  const all = [...nodeOfStep.keys()];
  return {
    name: run?.id ?? plan.name,
    workflow: plan.workflow,
    phases: plan.phases,
    stages: plan.stages.length,
    steps: all.length,
    ...(run && { states: countStates(all, run) }),
    nodes,
    edges,
  };
}

interface Member {
  id: string;
  file?: string | undefined;
}

/** The nodes of a stage: one node, or one for each of its steps. */
function nodesOf(
  { name, phase }: Stage,
  members: readonly Member[],
  collapsed: boolean,
  pending: Plan['pending'],
  run: DrawnRun | undefined,
): GraphNode[] {
  const node = (
    kind: 'step' | 'stage' | 'pending',
    id: string,
    text: string,
    ids: string[],
    file?: string,
  ): GraphNode => ({
    kind,
    id,
    name: text,
    stage: name,
    phase,
    steps: ids.length,
    ...(run && { states: countStates(ids, run) }),
    ...(file !== undefined && { file }),
  });
  // Ids of steps contain no blanks, so an id with a blank is unique.
  if (members.length === 0) {
    return [node('pending', `${name} pending`, name, [], pending.find(({ stage }) => stage === name)?.file)];
  }
  if (collapsed) {
    const ids = members.map(({ id }) => id);
    return [node('stage', `${name} steps`, name, ids)];
  }
  return members.map(({ id, file }) => node('step', id, id, [id], file));
}

/** The steps of a stage that was pending when the plan was made are taken from the run, after it has reached them. */
function stepsByStage(plan: Plan, run: DrawnRun | undefined): Map<string, Member[]> {
  const steps = new Map<string, Member[]>();
  const add = (stage: string, step: Member): void => {
    const list = steps.get(stage);
    if (list) list.push(step);
    else steps.set(stage, [step]);
  };
  for (const { id, stage, inputFile } of plan.steps) add(stage.name, { id, file: inputFile });
  const pending = new Set(plan.pending.map(({ stage }) => stage));
  for (const { id, stage } of run?.steps.values() ?? []) if (pending.has(stage)) add(stage, { id });
  return steps;
}

function countStates(ids: readonly string[], run: DrawnRun): Map<StepState, number> {
  const states = new Map<StepState, number>();
  for (const id of ids) {
    const known = run.steps.get(id)?.state ?? 'waiting';
    const state = run.live || isFinal(known) || known === 'running' ? known : 'aborted';
    states.set(state, (states.get(state) ?? 0) + 1);
  }
  return states;
}

/** Adds the joins to the nodes. */
function edgesOf(
  plan: Plan,
  nodes: GraphNode[],
  nodeOfStep: ReadonlyMap<string, number>,
  nodesOfStage: ReadonlyMap<string, readonly number[]>,
): Edge[] {
  const waits = new Waits(nodes.length);
  const pending = new Set(plan.pending.map(({ stage }) => stage));
  const ofStages = (names: readonly string[]): number[] => names.flatMap((name) => nodesOfStage.get(name) ?? []);
  for (const step of plan.steps) {
    const node = nodeOfStep.get(step.id) as number;
    // Steps wait for a pending stage by its name, because it has no ids yet.
    waits.add(node, step.after, step.stage, () => [
      ...new Set([
        ...step.after.map((id) => nodeOfStep.get(id) as number),
        ...ofStages(step.stage.after.filter((name) => pending.has(name))),
      ]),
    ]);
  }
  for (const stage of plan.stages) {
    if (!pending.has(stage.name)) continue;
    for (const node of nodesOfStage.get(stage.name) ?? []) {
      waits.add(node, stage.after, stage, () => ofStages(stage.after));
    }
  }

  const edges: Edge[] = [];
  for (const { sources, targets } of waits.reduced()) {
    if (sources.length * targets.length <= sources.length + targets.length) {
      for (const from of sources) for (const to of targets) edges.push({ from, to });
      continue;
    }
    const last = sources.map((source) => nodes[source] as GraphNode).sort((a, b) => b.phase - a.phase)[0] as GraphNode;
    const join = nodes.length;
    nodes.push({ kind: 'join', id: `join ${join}`, name: '', stage: last.stage, phase: last.phase, steps: 0 });
    for (const from of sources) edges.push({ from, to: join });
    for (const to of targets) edges.push({ from: join, to });
  }
  return edges.sort((a, b) => a.from - b.from || a.to - b.to);
}
