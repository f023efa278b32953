import { readFileSync, statSync } from 'node:fs';

/** A text that was read, kept so that a problem can show the line it is about. */
export interface Source {
  /** As the user named it. */
  file: string;
  text: string;
}

/** A place in a text; both numbers from 1, the column in characters (code points). */
export interface Position {
  source: Source;
  line: number;
  column: number;
}

/** One thing wrong with the input. Without `at` it is about the file as a whole, or about no file. */
export interface Problem {
  message: string;
  at?: Position;
}

/** Bad input: every problem that was found, each with its place. `message` is ready to be printed. */
export class InputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'InputError';
    this.problems = problems;
  }
}

/** A JDL that cannot be read or understood. */
export class JdlError extends InputError {
  constructor(problems: readonly Problem[]) {
    super(problems);
    this.name = 'JdlError';
  }
}

/** Longest part of a line that is shown, in characters; LPMMetaData lines have thousands. */
const SHOWN = 100;

/**
 * `file:line:column: message`, then the line and a caret below the column. Of a long line only the part around the
 * column is shown. Tabs and other control characters are shown as spaces, so that the caret stands where it should.
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

/** Line and column of each of many offsets (UTF-16 units) in one text: the lines are counted once. */
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

/**
 * Reads a text file. UTF-8 without its byte order mark; a file that is not UTF-8 is taken as Latin-1 (`latin1` says so),
 * in which every byte is a character.
 * @throws {Error} with one clear sentence: no such file, a directory, not readable
 */
export function readText(path: string): { text: string; latin1: boolean } {
  let bytes: Buffer;
  try {
    if (statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
    bytes = readFileSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const reasons: Record<string, string> = {
      ENOENT: 'no such file',
      ENOTDIR: 'no such file',
      EISDIR: 'is a directory, not a file',
      EACCES: 'cannot be read: permission denied',
    };
    throw new Error(`${path}: ${reasons[code ?? ''] ?? `cannot be read: ${(error as Error).message}`}`);
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), latin1: false };
  } catch {
    return { text: bytes.toString('latin1'), latin1: true };
  }
}
