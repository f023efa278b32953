import { diffArrays } from 'diff';

/** A block of lines of both logs. In an equal block both sides have the same number of lines. */
export interface Stretch {
  same: boolean;
  /** Index of the first line in each log, and numbers of lines. */
  a: number;
  b: number;
  countA: number;
  countB: number;
}

/** The largest number of added and removed lines between two anchors. Beyond it all lines between them count as changed. */
const MOST_EDITS = 2000;

/**
 * Aligns two lists of lines by their keys. Lines that occur once in each list, in the same order, are the anchors (patience
 * diff). Between two anchors it takes the shortest edit.
 * @returns blocks in order, without gaps; a changed block lies between two equal ones
 */
export function align(a: readonly string[], b: readonly string[]): Stretch[] {
  const stretches: Stretch[] = [];
  let at = { a: 0, b: 0 };
  for (const anchor of [...anchorsOf(a, b), { a: a.length, b: b.length }]) {
    const between = { a: a.slice(at.a, anchor.a), b: b.slice(at.b, anchor.b) };
    for (const part of edit(between.a, between.b)) add(stretches, { ...part, a: part.a + at.a, b: part.b + at.b });
    if (anchor.a < a.length) add(stretches, { same: true, ...anchor, countA: 1, countB: 1 });
    at = { a: anchor.a + 1, b: anchor.b + 1 };
  }
  return stretches;
}

function add(stretches: Stretch[], next: Stretch): void {
  const last = stretches.at(-1);
  if (last?.same === next.same) {
    last.countA += next.countA;
    last.countB += next.countB;
  } else stretches.push({ ...next });
}

function edit(a: readonly string[], b: readonly string[]): Stretch[] {
  if (a.length === 0 && b.length === 0) return [];
  const whole: Stretch = { same: false, a: 0, b: 0, countA: a.length, countB: b.length };
  const inB = new Set(b);
  if (!a.some((key) => inB.has(key))) return [whole];
  const changes = diffArrays([...a], [...b], { maxEditLength: MOST_EDITS });
  if (!changes) return [whole];
  let at = { a: 0, b: 0 };
  return changes.map(({ added, removed, count }) => {
    const part = { same: !added && !removed, ...at, countA: added ? 0 : count, countB: removed ? 0 : count };
    at = { a: at.a + part.countA, b: at.b + part.countB };
    return part;
  });
}

type Anchor = Pick<Stretch, 'a' | 'b'>;

/** The longest sequence of lines that occur once in each list, and in the same order in both. */
function anchorsOf(a: readonly string[], b: readonly string[]): Anchor[] {
  const inB = onceIn(b);
  const pairs: Anchor[] = [];
  for (const [key, at] of onceIn(a)) {
    const other = inB.get(key);
    if (at >= 0 && other !== undefined && other >= 0) pairs.push({ a: at, b: other });
  }
  pairs.sort((one, two) => one.a - two.a);
  return longestAscending(pairs);
}

/** The index of each line that occurs once; -1 for a line that occurs more often. */
function onceIn(lines: readonly string[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [at, key] of lines.entries()) places.set(key, places.has(key) ? -1 : at);
  return places;
}

/** The longest subsequence in which `b` rises (patience sorting). */
function longestAscending(pairs: readonly Anchor[]): Anchor[] {
  /** The last pair of the best sequence of each length. */
  const tops: number[] = [];
  const before = new Int32Array(pairs.length);
  for (const [n, { b }] of pairs.entries()) {
    let low = 0;
    let high = tops.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[tops[middle] as number] as Anchor).b < b) low = middle + 1;
      else high = middle;
    }
    before[n] = low > 0 ? (tops[low - 1] as number) : -1;
    tops[low] = n;
  }
  const longest: Anchor[] = [];
  for (let n = tops.at(-1) ?? -1; n >= 0; n = before[n] as number) longest.push(pairs[n] as Anchor);
  return longest.reverse();
}
