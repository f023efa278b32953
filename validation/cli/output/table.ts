import { stripVTControlCharacters } from 'node:util';
import { isPlain, terminalLine } from '../../report/paint.ts';

/** A line for each row. Each column is as wide as its widest cell. There are no rules, so that cut and grep can process it. Colours have no width. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widest: number[] = [];
  for (const row of rows) {
    for (let column = 0; column < row.length; column++)
      widest[column] = Math.max(widest[column] ?? 0, width(row[column] as string));
  }
  return rows.map((row) => {
    let line = '';
    for (let column = 0; column < row.length; column++) {
      const cell = row[column] as string;
      // Colours are characters of the cell.
      line += `${cell.padEnd((widest[column] as number) + cell.length - width(cell))}  `;
    }
    return line.trimEnd();
  });
}

/** The width of a cell as the terminal shows it: escaped characters count as `\x1b`. */
function width(cell: string): number {
  return isPlain(cell) ? cell.length : stripVTControlCharacters(terminalLine(cell)).length;
}
