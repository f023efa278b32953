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
import { formatProblem, type Problem } from '../../framework/text/position.ts';

export { formatProblem, Lines, type Position, type Problem, type Source } from '../../framework/text/position.ts';

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

/**
 * Whether a file exists. A path through a file instead of a directory counts as missing, and so does a file that may not be
 * read now: the writer of an input text must not learn which other files exist.
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
  if (stat.size > INSIDE_LIMIT) throw new Error(`it is larger than the limit of ${INSIDE_LIMIT} bytes`);
}

/**
 * Reads a text file as UTF-8 without a byte order mark. A file that is not UTF-8 is read as Latin-1 (`latin1` is then true),
 * where every byte is a character.
 * @param look is called with the open file before it is read; its exceptions are passed on
 * @throws {Error} with one sentence: the file does not exist, is a directory, or is not readable
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
