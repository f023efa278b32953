/** A part of a comparison of two logs: lines that are the same in both, or that differ. */
export interface DiffPart {
  same: boolean;
  /** Number of the first line in each log, from 1. If a log has no line here: the number of its next line. */
  a: number;
  b: number;
  /** Numbers of lines; in an equal part both numbers are the same. */
  countA: number;
  countB: number;
  /**
   * Texts of at most 2,000 characters each. An equal part has all its lines if these are at most 7, else the first 3 and the
   * last 3. A changed part has at most the first 500 lines of each side.
   */
  linesA: string[];
  linesB: string[];
}

/** Lines that are shown at both ends of an equal part. A part of at most SHORT lines is shown as a whole. */
export const CONTEXT = 3;
export const SHORT = 2 * CONTEXT + 1;

/** The name of a log: its run, step, attempt and file. */
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
  /** To continue, send this as `after`. One answer takes at most about 2 s. Absent: both logs were compared to their ends. */
  next?: string;
}

/** The largest number of lines of each side that are shown of a changed part. */
export const CHANGED = 500;

/** Adds a part to a list. Parts of the same kind that follow one another become one part. */
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
