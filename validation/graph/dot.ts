import { printable } from '../report/printable.ts';
import type { Graph, GraphNode } from './model.ts';
import { LIGHT, stateOf } from './states.ts';
import { labelOf } from './words.ts';

/** The graph in the language of Graphviz (https://graphviz.org/doc/info/lang.html), with every name quoted. */
export function renderDot(graph: Graph): string {
  const { nodes } = graph;
  const lines = [
    `digraph ${quote(graph.name)} {`,
    `  graph [rankdir=TB, fontname="Helvetica", labelloc=t, label=${quoteLabel([graph.name])}];`,
    `  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];`,
    '  edge [color="#57606a", arrowsize=0.7];',
  ];
  if (graph.phases > 1) {
    for (let phase = 0; phase < graph.phases; phase++) {
      lines.push(
        `  subgraph cluster_${phase} {`,
        `    label="phase ${phase}"; style="rounded,dashed"; color="#57606a";`,
      );
      for (const node of nodes) if (node.phase === phase) lines.push(`    ${nodeText(node)}`);
      lines.push('  }');
    }
  } else for (const node of nodes) lines.push(`  ${nodeText(node)}`);
  for (const { from, to } of graph.edges) {
    const target = nodes[to] as GraphNode;
    const plain = target.kind === 'join' ? ' [arrowhead=none]' : '';
    lines.push(`  ${quote((nodes[from] as GraphNode).id)} -> ${quote(target.id)}${plain};`);
  }
  return `${lines.join('\n')}\n}\n`;
}

function nodeText(node: GraphNode): string {
  if (node.kind === 'join') return `${quote(node.id)} [shape=point, width=0.08, label=""];`;
  const { fill, line } = LIGHT[stateOf(node)];
  const label = quoteLabel(labelOf(node).map(({ text }) => text));
  const more = { step: '', stage: ', peripheries=2', pending: ', style="rounded,filled,dashed"' }[node.kind];
  return `${quote(node.id)} [label=${label}, fillcolor="${fill}", color="${line}"${more}];`;
}

/** A backslash in a name is doubled, because it must not escape the closing quote. */
function quote(text: string): string {
  return `"${printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** A label has its own escapes (\n, \N, …) and reads &name; as a character. */
function quoteLabel(lines: readonly string[]): string {
  return `"${lines.map((line) => quote(line.replaceAll('&', '&amp;')).slice(1, -1)).join('\\n')}"`;
}
