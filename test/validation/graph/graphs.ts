import { execFileSync } from 'node:child_process';
import type { Edge, Graph } from '../../../validation/graph/model.ts';
import type { StepState } from '../../../validation/report/model.ts';
import type { Plan } from '../../../validation/workflow/plan.ts';
import { makePlan, makeStage, makeStep } from '../plans.ts';

/** Edges as names of nodes, `from > to`, without joins. */
export function namedEdges(graph: Graph): string[] {
  const { nodes, edges } = graph;
  const isJoin = (n: number): boolean => nodes[n]?.kind === 'join';
  const direct = edges.filter(({ from, to }) => !isJoin(from) && !isJoin(to));
  const joined = edges
    .filter(({ to }) => isJoin(to))
    .flatMap(({ from, to }): Edge[] => edges.filter((next) => next.from === to).map((next) => ({ from, to: next.to })));
  return [...direct, ...joined].map(({ from, to }) => `${nodes[from]?.name} > ${nodes[to]?.name}`).sort();
}

/** Stages of these widths, each step waiting for every step of the stages that `after` names for it. */
export function layered(stages: readonly { name: string; steps: number; after?: string[]; phase?: number }[]): Plan {
  const ids = new Map<string, string[]>();
  const steps = stages.flatMap(({ name, steps: count, after = [], phase = 0 }) => {
    const stage = makeStage(name, { after, phase });
    const waits = after.flatMap((other) => ids.get(other) ?? []);
    const made = Array.from({ length: count }, (_, n) => makeStep(stage, n + 1, { after: waits }));
    ids.set(
      name,
      made.map(({ id }) => id),
    );
    return made;
  });
  return makePlan(steps);
}

/** A run in which the steps of a plan have these states; those without one have not been planned yet. */
export function runOf(plan: Plan, stateOf: (id: string) => StepState | undefined) {
  const steps = new Map<string, { id: string; stage: string; state: StepState }>();
  for (const { id, stage } of plan.steps) {
    const state = stateOf(id);
    if (state) steps.set(id, { id, stage: stage.name, state });
  }
  return { id: 'test-20290615-080000', live: true, steps };
}

/** A plan with a stage whose steps are known only after `bins` has run, and a stage after it. */
export function withPending(): Plan {
  const bins = makeStage('bins');
  const maps = makeStage('maps', { after: ['bins'], phase: 1 });
  const calib = makeStage('calib', { after: ['maps'], phase: 1 });
  return makePlan([makeStep(bins), makeStep(calib, undefined, { after: ['bins'] })], {
    stages: [bins, maps, calib],
    pending: [{ stage: 'maps', file: 'timeBins.log', madeBy: 'bins' }],
    phases: 2,
  });
}

/** Names with a special meaning in dot, Mermaid, XML, HTML, Markdown or a terminal. */
export const HOSTILE = [
  'end',
  'graph',
  '-- a --> b',
  '1. first',
  '"quoted" \'twice\'',
  'back\\slash\\n and \\N \\G at the end\\',
  '<script>alert(1)</script>',
  '&amp; &lt; & &#65;',
  'a;b]{c}|d(e)[f]',
  '`code` **bold** #35; #quot;',
  'line\nfeed\r\u0000\u001b[31m',
  ']]></svg><!-- -->',
  'été 日本語 \ud83d\ude00 \ud800 \u202e',
  `long ${'x'.repeat(200)}`,
];

/** The result of a real XML parser; throws if the text is not well-formed. */
export function xpath(xml: string, expression: string): string {
  const text = execFileSync('xmllint', ['--nonet', '--xpath', expression, '-'], {
    input: xml,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  return text.trimEnd();
}
