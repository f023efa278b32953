import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

/** A new file is written within this time. */
const ABANDONED_MS = 60_000;

/**
 * The directory of a program's caches: `$XDG_CACHE_HOME/NAME`, or `~/.cache/NAME`. All that is in it may be removed at any time.
 * A relative path counts as none, as the XDG specification says.
 * @throws when the user has no home directory
 */
export function cacheOf(program: string): string {
  const given = process.env.XDG_CACHE_HOME ?? '';
  const caches = isAbsolute(given) ? given : join(homedir(), '.cache');
  if (!isAbsolute(caches)) throw new Error(`the home directory ${caches} is no absolute path`);
  return join(caches, program);
}

/** Whether only this user (and root) can change it. */
function isOwn({ uid, mode }: Stats): boolean {
  return uid === process.getuid?.() && (mode & 0o022) === 0;
}

/** Whether a directory is there in which only this user can make files. */
export function isOwnDirectory(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && isOwn(stats);
}

/**
 * Makes a directory for this user, and those above it. Node.js 20 with `recursive` never ends where the system makes none, as in `/proc`.
 * @throws when that is not possible
 */
export function makeOwnDirectory(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  makeOwnDirectory(parent);
  // With `sudo`, the home may be that of another user, who could not use directories of root there.
  const { uid } = statSync(parent);
  if (uid !== process.getuid?.() && uid !== 0) throw new Error(`${parent} belongs to another user`);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process has made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** The bytes of a cache. Undefined if there is none, or if another user can have written it. */
export function readOwn(path: string): Buffer | undefined {
  try {
    if (!isOwnDirectory(dirname(path))) return undefined;
    const fd = openSync(path, 'r');
    try {
      return isOwn(fstatSync(fd)) ? readFileSync(fd) : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Replaces a cache atomically. If that is not possible, nothing is left: the next process does its work without a cache. */
export function writeOwn(path: string, content: string | Buffer): void {
  const fresh = `${path}.new`;
  try {
    makeOwnDirectory(dirname(path));
    if (!isOwnDirectory(dirname(path))) return;
  } catch {
    return;
  }
  try {
    // Two processes never write the same file.
    writeFileSync(fresh, content, { mode: 0o600, flag: 'wx' });
    renameSync(fresh, path);
  } catch (error) {
    // On a full disk a part was written.
    const isOther = (error as NodeJS.ErrnoException).code === 'EEXIST';
    removeRest(fresh, isOther);
  }
}

function removeRest(fresh: string, isOther: boolean): void {
  try {
    if (!isOther || isAbandoned(fresh)) rmSync(fresh, { force: true });
  } catch {
    // It stays: a cache must not end its program.
  }
}

/** A process that wrote it was killed: nobody writes for so long. */
function isAbandoned(path: string): boolean {
  const { mtimeMs } = statSync(path, { throwIfNoEntry: false }) ?? {};
  return mtimeMs !== undefined && Date.now() - mtimeMs > ABANDONED_MS;
}

/** Removes the files or directories with this beginning of their name that were written first, if there are too many. */
export function forgetOldest(directory: string, beginning: string, most: number): void {
  try {
    const names = readdirSync(directory).filter((name) => name.startsWith(beginning));
    const paths = names.map((name) => join(directory, name));
    const timed = paths.map((path) => ({ path, time: statSync(path).mtimeMs })).sort((a, b) => b.time - a.time);
    for (const { path } of timed.slice(most)) rmSync(path, { recursive: true, force: true });
  } catch {
    // Another process removes them at the same time, or it is not possible here. The next one tries it again.
  }
}
