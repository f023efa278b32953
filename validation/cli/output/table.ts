import { stripVTControlCharacters } from 'node:util';
import { terminalLine } from '../../report/paint.ts';

/** A line for each row, in columns as wide as their widest cell, without rules, so that it can be read, cut and searched with grep. Colours have no width. */
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

/** As it will be shown: with what is not obeyed as `\x1b`. */
function width(cell: string): number {
  return stripVTControlCharacters(terminalLine(cell)).length;
}
