import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from 'node:fs';

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

/** Directories, without symbolic links, outside of which no text is read; undefined: anywhere. */
let inside: readonly string[] | undefined;

/** Bytes of a text that is read inside of directories only. */
const INSIDE_LIMIT = 64 * 2 ** 20;

/**
 * Does something while texts are read from some directories only, and from regular files: nothing that is named in a text
 * leads elsewhere, not by symbolic links and not by `..`. Other files are told to be not there.
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

/**
 * Whether there is a file. That a file stands where a directory is named is as good as that there is none, and so is one that
 * may not be read now: who writes a text cannot find out by it what there is elsewhere.
 */
export function isFile(path: string): boolean {
  try {
    if (!inside) return statSync(path).isFile();
    const where = realpathSync(path);
    return inside.some((directory) => where.startsWith(`${directory}/`)) && lstatSync(where).isFile();
  } catch {
    return false;
  }
}

function refuseOutside(fd: number, directories: readonly string[]): void {
  const where = readlinkSync(`/proc/self/fd/${fd}`);
  const stat = fstatSync(fd);
  const isThere = stat.isFile() && directories.some((directory) => where.startsWith(`${directory}/`));
  if (!isThere) throw Object.assign(new Error(), { code: 'ENOENT' });
  if (stat.size > INSIDE_LIMIT) throw new Error(`it has more than ${INSIDE_LIMIT} bytes`);
}

/**
 * Reads a text file. UTF-8 without its byte order mark; a file that is not UTF-8 is taken as Latin-1 (`latin1` says so),
 * in which every byte is a character.
 * @param look called with the open file before it is read; what it throws is thrown
 * @throws {Error} with one clear sentence: no such file, a directory, not readable
 */
export function readText(path: string, look?: (fd: number) => void): { text: string; latin1: boolean } {
  let bytes: Buffer;
  let fd: number | undefined;
  try {
    // Somebody who is to look must not be kept waiting by a named pipe.
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
