import { stripVTControlCharacters } from 'node:util';
import { terminalLine } from '../../report/paint.ts';

/** A line for each row. Each column is as wide as its widest cell. There are no rules, so that cut and grep can process it. Colours have no width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, width(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** The width of a cell as the terminal shows it: escaped characters count as `\x1b`. */
function width(cell: string): number {
  return stripVTControlCharacters(terminalLine(cell)).length;
}
