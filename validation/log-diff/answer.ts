/** A part of a comparison of two logs: lines that are the same in both, or that differ. */
export interface DiffPart {
  same: boolean;
  /** Number of the first line in each log, from 1; where there is none, of the line that would follow. */
  a: number;
  b: number;
  /** Numbers of lines; of an equal part both are the same. */
  countA: number;
  countB: number;
  /**
   * Texts, each at most 2,000 characters. Of an equal part all lines if there are at most 7, else the first 3 and the last
   * 3; of a changed part at most the first 500 of each side.
   */
  linesA: string[];
  linesB: string[];
}

/** Lines that are shown at both ends of an equal part; a part of up to SHORT lines is shown as a whole. */
export const CONTEXT = 3;
export const SHORT = 2 * CONTEXT + 1;

/** Which log of which run. */
export interface ComparedLog {
  run: string;
  step: string;
  attempt: number;
}

export interface LogDiff {
  reference: ComparedLog;
  log: ComparedLog;
  /** In the order of the logs: `a` is the reference. */
  parts: DiffPart[];
  /** Continue with this as `after`. An answer takes about 2 s at most. Absent: both logs were compared to their ends. */
  next?: string;
}

/** Lines that are shown of a changed part, of each side. */
export const CHANGED = 500;

/** Adds a part to a list; parts of one kind that follow each other become one, however the comparison was cut. */
export function addPart(parts: DiffPart[], part: DiffPart): void {
  const last = parts.at(-1);
  if (last?.same !== part.same) {
    parts.push(part);
    return;
  }
  const [countA, countB] = [last.countA + part.countA, last.countB + part.countB];
  const join = (side: 'A' | 'B'): string[] => {
    const [before, after] = [last[`lines${side}`], part[`lines${side}`]];
    if (!part.same) return before.length < last[`count${side}`] ? before : [...before, ...after].slice(0, CHANGED);
    const all = [...before, ...after];
    return countA > SHORT ? [...all.slice(0, CONTEXT), ...all.slice(-CONTEXT)] : all;
  };
  parts[parts.length - 1] = { ...last, countA, countB, linesA: join('A'), linesB: join('B') };
}
