import { stripVTControlCharacters } from 'node:util';
import { terminalLine } from '../../report/paint.ts';

/** A line for each row. Each column is as wide as its widest cell. There are no rules, so that cut and grep can process it. Colours have no width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.map((row) => row.map(width));
  const widest: number[] = [];
  for (const row of widths) {
    for (const [column, size] of row.entries()) widest[column] = Math.max(widest[column] ?? 0, size);
  }
  return rows.map((row, n) =>
    row
      .map((cell, column) => cell + ' '.repeat((widest[column] ?? 0) - (widths[n]?.[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** Only characters that a terminal shows as they are, one in each place. Most cells have no others. */
const PLAIN = /^[ -~]*$/;

/** The width of a cell as the terminal shows it: escaped characters count as `\x1b`. */
function width(cell: string): number {
  return PLAIN.test(cell) ? cell.length : stripVTControlCharacters(terminalLine(cell)).length;
}
