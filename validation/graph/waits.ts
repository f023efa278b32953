import type { Stage } from '../workflow/plan.ts';

/** Nodes that wait for the same nodes: every target waits for every source. */
export interface Wait {
  sources: number[];
  targets: number[];
}

interface Group {
  sources: number[];
  targets: Set<number>;
}

/**
 * Which nodes wait for which, as groups: 1,000 steps that wait for 1,000 are one group, not a million edges. The steps of a
 * stage share their list of ids, so the groups are found without comparing lists.
 */
export class Waits {
  readonly #groups = new Map<readonly string[], Map<Stage, Group>>();
  /** For each node, the groups in which it is a target. */
  readonly #into: Group[][];

  constructor(nodes: number) {
    this.#into = Array.from({ length: nodes }, () => []);
  }

  /** @param sources called only for the first target of each list and stage */
  add(target: number, list: readonly string[], stage: Stage, sources: () => number[]): void {
    const ofList = this.#groups.get(list) ?? new Map<Stage, Group>();
    this.#groups.set(list, ofList);
    const group = ofList.get(stage) ?? { sources: sources(), targets: new Set() };
    ofList.set(stage, group);
    if (group.targets.has(target)) return;
    group.targets.add(target);
    this.#into[target]?.push(group);
  }

  /** Removes sources that another source of the same group waits for. Groups with the same sources become one. */
  reduced(): Wait[] {
    const waits = new Map<string, Wait>();
    for (const group of [...this.#groups.values()].flatMap((ofList) => [...ofList.values()])) {
      const sources = this.#withoutImplied(group.sources.filter((source) => !group.targets.has(source)));
      if (sources.length === 0) continue;
      const key = sources.sort((a, b) => a - b).join(' ');
      const targets = [...(waits.get(key)?.targets ?? []), ...group.targets];
      waits.set(key, { sources, targets: [...new Set(targets)] });
    }
    return [...waits.values()];
  }

  #withoutImplied(sources: number[]): number[] {
    if (sources.length < 2) return sources;
    const implied = new Set<number>();
    const seen = new Set<Group>();
    const stack = [...sources];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const group of this.#into[node] ?? []) {
        if (seen.has(group)) continue;
        seen.add(group);
        for (const source of group.sources) {
          if (implied.has(source) || group.targets.has(source)) continue;
          implied.add(source);
          stack.push(source);
        }
      }
    }
    return sources.filter((source) => !implied.has(source));
  }
}
