/** A text that was read. It is kept so that a problem can show its line. */
export interface Source {
  /** The name that the user gave. */
  file: string;
  text: string;
}

/** A place in a text; both numbers from 1, the column in characters (code points). */
export interface Position {
  source: Source;
  line: number;
  column: number;
}

/** One problem with the input. Without `at` it is about the file as a whole, or about no file. */
export interface Problem {
  message: string;
  at?: Position;
}

/** Longest part of a line that is shown, in characters. LPMMetaData lines have thousands. */
const SHOWN = 100;

/**
 * `file:line:column: message`, then the line and a caret below the column. Of a long line only the part around the
 * column is shown. Tabs and other control characters are shown as spaces, so that the caret is in the right place.
 */
export function formatProblem(problem: Problem): string {
  const { at, message } = problem;
  if (!at) return message;
  const characters = [...(at.source.text.split('\n')[at.line - 1] ?? '')];
  const first = at.column <= SHOWN ? 0 : at.column - 1 - SHOWN / 2;
  const shown = characters.slice(first, first + SHOWN).join('');
  const before = first > 0 ? '… ' : '';
  const after = first + SHOWN < characters.length ? ' …' : '';
  const number = String(at.line);
  const margin = ' '.repeat(number.length);
  const caret = ' '.repeat(before.length + at.column - 1 - first);
  return [
    `${at.source.file}:${at.line}:${at.column}: ${message}`,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
    `  ${number} | ${before}${shown.replace(/[\u0000-\u001f\u007f]/g, ' ').trimEnd()}${after}`,
    `  ${margin} | ${caret}^`,
  ].join('\n');
}

/** Line and column for many offsets (UTF-16 units) in one text. The lines are counted once. */
export class Lines {
  private readonly source: Source;
  private readonly starts: number[] = [0];

  constructor(source: Source) {
    this.source = source;
    for (let i = source.text.indexOf('\n'); i >= 0; i = source.text.indexOf('\n', i + 1)) this.starts.push(i + 1);
  }

  at(offset: number): Position {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = this.starts[low] as number;
    return { source: this.source, line: low + 1, column: [...this.source.text.slice(start, offset)].length + 1 };
  }
}
