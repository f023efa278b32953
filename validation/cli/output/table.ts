import { stripVTControlCharacters } from 'node:util';
import { isPlain, terminalLine } from '../../report/paint.ts';

/** A line for each row. Each column is as wide as its widest cell. There are no rules, so that cut and grep can process it. Colours have no width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widest: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widest[column] = Math.max(widest[column] ?? 0, width(cell));
    });
  }
  return rows.map((row) => {
    let line = '';
    row.forEach((cell, column) => {
      line += `${cell}${' '.repeat((widest[column] ?? 0) - width(cell))}  `;
    });
    return line.trimEnd();
  });
}

/** The width of a cell as the terminal shows it: escaped characters count as `\x1b`. */
function width(cell: string): number {
  return isPlain(cell) ? cell.length : stripVTControlCharacters(terminalLine(cell)).length;
}
