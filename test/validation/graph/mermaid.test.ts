import { describe, expect, it } from 'vitest';
import { renderMermaid } from '../../../validation/graph/mermaid.ts';
import { buildGraph } from '../../../validation/graph/model.ts';
import { makePlan, makeStage, makeStep } from '../plans.ts';
import { HOSTILE, layered, runOf, withPending } from './graphs.ts';

describe('renderMermaid', () => {
  it('is a flowchart of the steps, with the states of a run as words and colours', () => {
    const plan = layered([
      { name: 'sim', steps: 2 },
      { name: 'end', steps: 1, after: ['sim'] },
    ]);
    const run = runOf(plan, (id) => (id === 'sim0001' ? 'succeeded' : id === 'sim0002' ? 'failed' : undefined));
    expect(renderMermaid(buildGraph(plan, { run }))).toBe(`---
title: "test-20290615-080000"
---
flowchart TB
  n0("sim0001<br/>✓ succeeded")
  n1("sim0002<br/>✗ failed")
  n2("end0001<br/>· waiting")
  n0 --> n2
  n1 --> n2
  classDef succeeded fill:#dcf7e3,stroke:#116329,color:#1c2128
  class n0 succeeded
  classDef failed fill:#ffe5e3,stroke:#b3121d,color:#1c2128
  class n1 failed
  classDef waiting fill:#f6f8fa,stroke:#656d76,color:#1c2128
  class n2 waiting
`);
  });

  it('has a subgraph for each phase, and marks stages whose steps are not known yet', () => {
    expect(renderMermaid(buildGraph(withPending()))).toBe(`---
title: "test"
---
flowchart TB
  subgraph p0["phase 0"]
    n0("bins")
  end
  subgraph p1["phase 1"]
    n1("maps<br/>steps not known yet<br/>one for each line of timeBins.log")
    n2("calib")
  end
  n0 --> n1
  n1 --> n2
  classDef plain fill:#f6f8fa,stroke:#57606a,color:#1c2128
  class n0,n1,n2 plain
  classDef pending stroke-dasharray:4 3
  class n1 pending
`);
  });

  it('draws many steps as one box of another shape, and joins without arrows into them', () => {
    const text = renderMermaid(
      buildGraph(
        layered([
          { name: 'a', steps: 3 },
          { name: 'b', steps: 3, after: ['a'] },
          { name: 'many', steps: 1234, after: ['b'] },
        ]),
      ),
    );
    expect(text).toContain('n6[["many<br/>1,234 steps"]]');
    expect(text).toContain('n0 --- n7');
    expect(text).toContain('n7 --> n3');
    expect(text).toContain('n7((" "))');
  });

  it('takes any name as a name: a label holds nothing but letters, digits, a few signs and #code;', () => {
    const stage = makeStage('s');
    const plan = makePlan(HOSTILE.map((id) => ({ ...makeStep(stage), id })));
    const lines = renderMermaid(buildGraph(plan, { collapse: 'none' })).split('\n');
    const nodes = lines.filter((line) => /^ {2}n\d+\(/.test(line));
    expect(nodes).toHaveLength(HOSTILE.length);
    for (const line of nodes) expect(line).toMatch(/^ {2}n\d+\("([\p{L}\p{N} _.,:…!-]|#\d+;)*"\)$/u);
    expect(nodes[3]).toBe('  n3("1#46; first")');
    expect(nodes[4]).toBe('  n4("#34;quoted#34; #39;twice#39;")');
  });
});
