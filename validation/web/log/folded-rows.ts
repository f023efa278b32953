import type { LogGroup } from '../../logs/log-groups.ts';

/** The lines of a group after its first line. One row stands for them. */
export interface Fold {
  kind: LogGroup['kind'];
  /** First and last hidden line, from 1. */
  from: number;
  to: number;
}

/** The rows of a log with some folded groups. A folded group shows its first line. Rows count from 0, lines from 1. */
export class FoldedRows {
  readonly rows: number;
  readonly #folds: Fold[] = [];
  /** The row of each fold. */
  readonly #at: number[] = [];

  /**
   * @param total number of lines of the log
   * @param groups in order; no group contains another
   * @param shown lines that must be visible: a group with one of them is not folded
   */
  constructor(total: number, groups: readonly LogGroup[], shown: readonly number[]) {
    const wanted = [...shown].sort((a, b) => a - b);
    let hidden = 0;
    let next = 0;
    for (const { kind, from, to } of groups) {
      while (next < wanted.length && (wanted[next] as number) <= from) next++;
      if (to > total || (wanted[next] ?? Number.POSITIVE_INFINITY) <= to) continue;
      this.#folds.push({ kind, from: from + 1, to });
      this.#at.push(from - hidden);
      hidden += to - from - 1;
    }
    this.rows = total - hidden;
  }

  /** The line of a row, and its fold, if any. */
  at(row: number): { line: number; fold?: Fold } {
    const n = lastUpTo(this.#at, row);
    const fold = this.#folds[n];
    if (!fold) return { line: row + 1 };
    const behind = row - (this.#at[n] as number);
    return behind === 0 ? { line: fold.from, fold } : { line: fold.to + behind };
  }

  /** The row of a line, also if the line is in a fold. */
  rowOf(line: number): number {
    let low = 0;
    let high = this.#folds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#folds[middle] as Fold).from <= line) low = middle + 1;
      else high = middle;
    }
    const fold = this.#folds[low - 1];
    if (!fold) return line - 1;
    const row = this.#at[low - 1] as number;
    return line <= fold.to ? row : row + line - fold.to;
  }
}

/** Index of the last number that is not larger; -1 if there is none. */
function lastUpTo(numbers: readonly number[], most: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) <= most) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
