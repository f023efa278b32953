import { printable } from '../report/printable.ts';
import type { Graph, GraphNode } from './model.ts';
import { LIGHT, stateOf } from './states.ts';
import { labelOf } from './words.ts';

/**
 * The graph as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html). Names occur only in labels. Ids are
 * numbers, because `end` and other words have a special meaning.
 */
export function renderMermaid(graph: Graph): string {
  const { nodes } = graph;
  const lines = ['---', `title: ${JSON.stringify(printable(graph.name))}`, '---', 'flowchart TB'];
  const several = graph.phases > 1;
  for (let phase = 0; phase < graph.phases; phase++) {
    if (several) lines.push(`  subgraph p${phase}["phase ${phase}"]`);
    for (const [n, node] of nodes.entries()) {
      if (node.phase === phase) lines.push(`${several ? '    ' : '  '}n${n}${shapeOf(node)}`);
    }
    if (several) lines.push('  end');
  }
  for (const { from, to } of graph.edges) {
    lines.push(`  n${from} ${(nodes[to] as GraphNode).kind === 'join' ? '---' : '-->'} n${to}`);
  }
  const classes = new Map<string, string[]>();
  const put = (name: string, id: string): void => {
    const ids = classes.get(name);
    if (ids) ids.push(id);
    else classes.set(name, [id]);
  };
  for (const [n, node] of nodes.entries()) {
    put(node.kind === 'join' ? 'join' : stateOf(node), `n${n}`);
    if (node.kind === 'pending') put('pending', `n${n}`);
  }
  for (const [name, ids] of classes)
    lines.push(`  classDef ${name} ${styleOf(name)}`, `  class ${ids.join(',')} ${name}`);
  return `${lines.join('\n')}\n`;
}

function styleOf(name: string): string {
  if (name === 'join') return `fill:${LIGHT.soft},stroke:${LIGHT.soft},color:${LIGHT.soft}`;
  if (name === 'pending') return 'stroke-dasharray:4 3';
  const { fill, line } = LIGHT[name as ReturnType<typeof stateOf>];
  return `fill:${fill},stroke:${line},color:${LIGHT.text}`;
}

function shapeOf(node: GraphNode): string {
  const label = labelOf(node)
    .map(({ text }) => entities(text))
    .join('<br/>');
  return { step: `("${label}")`, stage: `[["${label}"]]`, pending: `("${label}")`, join: '((" "))' }[node.kind];
}

/** Replaces characters that Mermaid, HTML or Markdown could interpret by Mermaid's #code; form. */
function entities(text: string): string {
  return text
    .replace(/[^\p{L}\p{N} _.,:…·✓▶✗!–×-]/gu, (character) => `#${character.codePointAt(0)};`)
    .replace(/^-|(?<=^\d+)\./u, (character) => `#${character.codePointAt(0)};`);
}
