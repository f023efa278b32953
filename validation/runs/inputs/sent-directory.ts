import { execFile } from 'node:child_process';
import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { InputError } from '../../input/input-error.ts';

/** A directory that is sent with a step. */
export interface SentDirectory {
  path: string;
  /** Relative paths of files that are not sent. */
  leftOut: string[];
  /** Names of the files directly in it. */
  names: ReadonlySet<string>;
  warnings: string[];
}

/** Limits. Every worker gets the directory, and a larger one is usually a mistake. */
const MOST_BYTES = 200e6;
const MOST_FILES = 10_000;
/** Directories of version control. */
const LEFT_OUT = ['.git', '.svn'];

/**
 * Checks a directory that will be sent: its size, and the links in it that would be broken on a worker.
 * @param without paths within it that are not sent: the directory of the runs
 * @throws InputError when it is too large, with what to do
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
            `${full} is a link out of the directory that is sent, so it is broken on a worker. Send its target with --input`,
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
        `${path} contains more than ${MOST_BYTES / 1e6} MB or ${MOST_FILES} files, and every worker would get them\n` +
        'Put the script into a separate directory, or send only the script with --no-directory, and what it needs with --input FILE',
    },
  ]);
}

/**
 * Packs a directory, or one file of it, unchanged: links, permissions, empty folders. Files that change during
 * this are sent as far as they are written, with a warning.
 * @throws InputError when tar fails
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
    // GNU tar's status 1: the archive is complete, but something in the directory changed while it was read; 2 is an error.
    if (code !== 1) throw new InputError([{ message: `${path} cannot be packed: ${said}` }]);
    warnings.push(`${path} changed while it was packed: ${said}`);
  }
}
