import { execFile } from 'node:child_process';
import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { InputError } from '../../input/input-error.ts';

/** A directory that is sent with a step. */
export interface SentDirectory {
  path: string;
  /** Relative paths that are left out. */
  leftOut: string[];
  /** Names of the files directly in it. */
  names: ReadonlySet<string>;
  warnings: string[];
}

/** More is seldom what somebody means who names a script, and every worker gets it. */
const MOST_BYTES = 200e6;
const MOST_FILES = 10_000;
/** What version control keeps. */
const LEFT_OUT = ['.git', '.svn'];

/**
 * Looks at a directory that is to be sent: how large it is, and what in it would not arrive.
 * @param without paths within it that are not sent: the directory of the runs
 * @throws InputError when it is huge, with what to do
 */
export function lookAtDirectory(path: string, without: readonly string[]): SentDirectory {
  const leftOut: string[] = [];
  const warnings: string[] = [];
  let bytes = 0;
  let files = 0;
  const walk = (directory: string): void => {
    for (const entry of entriesOf(directory)) {
      const full = join(directory, entry.name);
      if (LEFT_OUT.includes(entry.name) || without.includes(full)) leftOut.push(relative(path, full));
      else if (entry.isSymbolicLink()) {
        const target = relative(path, resolve(dirname(full), readlinkSync(full)));
        if (target.startsWith('..'))
          warnings.push(
            `${full} leads out of the directory that is sent: on a worker it leads nowhere; give what it leads to with --input`,
          );
      } else if (entry.isDirectory()) walk(full);
      else if (entry.isFile()) {
        files++;
        bytes += lstatSync(full).size;
      }
      if (bytes > MOST_BYTES || files > MOST_FILES) tooMuch(path);
    }
  };
  walk(path);
  const names = new Set(entriesOf(path).map(({ name }) => name));
  return { path, leftOut, names, warnings };
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw new InputError([{ message: `${directory} cannot be read: ${(error as Error).message}` }]);
  }
}

function tooMuch(path: string): never {
  throw new InputError([
    {
      message:
        `${path} holds more than ${MOST_BYTES / 1e6} MB or ${MOST_FILES} files, which every worker would be sent\n` +
        'Put the script into a directory of its own; or send it alone, with --no-directory, and what it needs with --input FILE',
    },
  ]);
}

/**
 * Packs a directory, or one file of it, as it is: links, permissions, empty folders. Files that something writes to
 * meanwhile are sent as far as they are, with a warning.
 * @throws InputError when tar cannot
 */
export async function packDirectory(
  { path, leftOut, warnings }: SentDirectory,
  archive: string,
  only?: string,
): Promise<void> {
  const excludes = leftOut.map((name) => `--exclude=./${name}`);
  const args = [
    '--create',
    '--gzip',
    '--file',
    archive,
    '--directory',
    path,
    '--anchored',
    '--no-wildcards',
    ...excludes,
  ];
  try {
    await promisify(execFile)('tar', [...args, '--', only === undefined ? '.' : `./${only}`]);
  } catch (error) {
    const { code, stderr, message } = error as Error & { code?: number | string; stderr?: string };
    const said = stderr?.trim() || message;
    // GNU tar's status 1: the archive is there, but something in it changed while it was read; 2 is an error.
    if (code !== 1) throw new InputError([{ message: `${path} cannot be packed: ${said}` }]);
    warnings.push(`while ${path} was packed it changed: ${said}`);
  }
}
