import type { Need } from '../demand/demand.ts';

/**
 * So many sizes of the waiting jobs of a user are kept apart. Each takes time at each decision, and 100,000 jobs may have
 * 100,000 sizes.
 */
const MOST = 100;
/** How finely sizes are told apart when there are too many, levels in an octave: sizes of one level differ by less than a tenth. */
const FINEST = 8;

const PARTS = ['cores', 'memory', 'disk', 'gpus'] as const;

/** Counts jobs by what they need. */
export class Needs {
  readonly #needs = new Map<string, Need>();

  add(need: Need): void {
    const key = PARTS.map((part) => need[part]).join(' ');
    const same = this.#needs.get(key);
    if (same) same.count += need.count;
    else this.#needs.set(key, { ...need });
  }

  /** Not more than 100 needs. If there are more, similar ones are joined to one that is large enough for all of them. */
  list(): Need[] {
    let needs = [...this.#needs.values()];
    for (let levels = FINEST; needs.length > MOST; levels /= 2) needs = joined(needs, levels);
    return needs;
  }
}

function joined(needs: readonly Need[], levels: number): Need[] {
  const groups = new Map<string, Need>();
  for (const need of needs) {
    const key = PARTS.map((part) => levelOf(need[part] ?? 0, levels)).join(' ');
    const other = groups.get(key);
    groups.set(key, other ? largerOf(need, other) : need);
  }
  return [...groups.values()];
}

const levelOf = (size: number, levels: number): number => (size > 0 ? Math.ceil(Math.log2(size) * levels) : -1);

function largerOf(a: Need, b: Need): Need {
  const sizes = PARTS.map((part) => [part, Math.max(a[part] ?? 0, b[part] ?? 0)]);
  return { category: a.category, ...Object.fromEntries(sizes), count: a.count + b.count };
}
