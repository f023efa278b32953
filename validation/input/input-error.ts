import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync } from 'node:fs';

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

/** Bad input: all problems that were found, each with its position. `message` can be printed as it is. */
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

/** The only directories, without symbolic links, from which texts are read; undefined: anywhere. */
let inside: readonly string[] | undefined;

/** Largest text that is read from these directories, bytes. */
const INSIDE_LIMIT = 64 * 2 ** 20;

/**
 * Calls a function during which texts are read only from some directories, and only from regular files: no name in a text
 * can lead out of them, neither by symbolic links nor by `..`. Other files count as missing.
 * @param directories without symbolic links
 */
export function readingInside<T>(directories: readonly string[], work: () => T): T {
  const before = inside;
  inside = directories;
  try {
    return work();
  } finally {
    inside = before;
  }
}

function refuseOutside(fd: number, directories: readonly string[]): void {
  const where = readlinkSync(`/proc/self/fd/${fd}`);
  const stat = fstatSync(fd);
  const isThere = stat.isFile() && directories.some((directory) => where.startsWith(`${directory}/`));
  if (!isThere) throw Object.assign(new Error(), { code: 'ENOENT' });
  if (stat.size > INSIDE_LIMIT) throw new Error(`it is larger than the limit of ${INSIDE_LIMIT} bytes`);
}

/**
 * Reads a text file as UTF-8 without a byte order mark. A file that is not UTF-8 is read as Latin-1 (`latin1` is then true),
 * in which every byte is a character.
 * @param look called with the open file before it is read; its exceptions are passed on
 * @throws {Error} with one sentence: no such file, a directory, not readable
 */
export function readText(path: string, look?: (fd: number) => void): { text: string; latin1: boolean } {
  let bytes: Buffer;
  let fd: number | undefined;
  try {
    // A named pipe must not block a caller who checks the file first.
    fd = openSync(path, look || inside ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY);
    look?.(fd);
    if (inside) refuseOutside(fd, inside);
    bytes = readFileSync(fd);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    const reasons: Record<string, string> = {
      ENOENT: 'no such file',
      ENOTDIR: 'no such file',
      EISDIR: 'is a directory, not a file',
      EACCES: 'cannot be read: permission denied',
    };
    throw new Error(`${path}: ${reasons[code ?? ''] ?? `cannot be read: ${(error as Error).message}`}`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), latin1: false };
  } catch {
    return { text: bytes.toString('latin1'), latin1: true };
  }
}
