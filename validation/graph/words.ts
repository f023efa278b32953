import { basename } from 'node:path';
import type { StepState } from '../report/model.ts';
import { printable } from '../report/printable.ts';
import { stateWord } from '../report/step-states.ts';
import { counted, formatCount } from '../units/count.ts';
import type { Graph, GraphNode } from './model.ts';
import { BY_URGENCY, SYMBOL } from './states.ts';

/** A line of a node's text; with the state that it is about. */
export interface Line {
  text: string;
  state?: StepState;
}

/** Longest line in a node, in characters. Longer text is cut; the drawing's tooltip shows all of it. */
const LONGEST = 36;

/** A line for each state, the most urgent first: `✗ 3 failed`. */
export function stateLines(states: ReadonlyMap<StepState, number>): Required<Line>[] {
  return BY_URGENCY.flatMap((state) => {
    const count = states.get(state) ?? 0;
    return count === 0 ? [] : [{ state, text: `${SYMBOL[state]} ${formatCount(count)} ${stateWord(state)}` }];
  });
}

/** The text in a node: its name, and more. A join has none. */
export function labelOf(node: GraphNode): Line[] {
  const { kind, name, states, steps, file } = node;
  if (kind === 'join') return [];
  const lines: Line[] = [{ text: name }];
  if (kind === 'step') {
    for (const state of states?.keys() ?? []) lines.push({ text: `${SYMBOL[state]} ${stateWord(state)}`, state });
  } else if (kind === 'stage') {
    lines.push({ text: counted(steps, 'step') }, ...(states ? stateLines(states) : []));
  } else {
    lines.push({ text: 'steps not known yet' });
    if (file !== undefined) lines.push({ text: `one for each line of ${basename(file)}` });
  }
  return lines.map((line) => ({ ...line, text: cut(printable(line.text)) }));
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= LONGEST ? text : `${characters.slice(0, LONGEST - 1).join('')}…`;
}

/** The tooltip of a node. */
export function tooltipOf({ kind, name, stage, states, steps, file }: GraphNode): string {
  if (kind === 'pending') return `${name}: one step for each line of ${file ?? 'a file'}, which the run makes`;
  const parts = [name];
  if (kind === 'stage') parts.push(counted(steps, 'step'));
  else if (name !== stage) parts.push(`stage ${stage}`);
  if (states)
    parts.push(
      ...(kind === 'stage'
        ? stateLines(states).map(({ text }) => text)
        : [...states.keys()].map((state) => stateWord(state))),
    );
  if (file !== undefined) parts.push(file);
  return parts.join(', ');
}

/** The whole graph as text, for people who cannot see it: `sim: 5 steps, 5 succeeded. simQaMerge: 1 step, …, after sim.` */
export function describeGraph({ nodes, edges }: Graph): string {
  const stages = new Map<string, { steps: number; states: Map<StepState, number>; after: Set<string> }>();
  const told = (stage: string) => {
    const known = stages.get(stage) ?? { steps: 0, states: new Map<StepState, number>(), after: new Set<string>() };
    stages.set(stage, known);
    return known;
  };
  for (const { stage, steps, states } of nodes) {
    const about = told(stage);
    about.steps += steps;
    for (const [state, count] of states ?? []) about.states.set(state, (about.states.get(state) ?? 0) + count);
  }
  const intoJoin = new Map<number, Set<string>>();
  for (const { from, to } of edges) {
    if (nodes[to]?.kind !== 'join') continue;
    intoJoin.set(to, (intoJoin.get(to) ?? new Set()).add(nodes[from]?.stage ?? ''));
  }
  for (const { from, to } of edges) {
    const target = nodes[to] as GraphNode;
    if (target.kind === 'join') continue;
    for (const stage of intoJoin.get(from) ?? [(nodes[from] as GraphNode).stage]) told(target.stage).after.add(stage);
  }
  const sentences = [...stages].map(([name, { steps, states, after }]) => {
    const parts = [steps === 0 ? 'steps not known yet' : counted(steps, 'step')];
    parts.push(...[...states].map(([state, count]) => `${formatCount(count)} ${stateWord(state)}`));
    if (after.size > 0) parts.push(`after ${[...after].join(' and ')}`);
    return `${name}: ${parts.join(', ')}.`;
  });
  return sentences.join(' ');
}
