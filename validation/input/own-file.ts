import { constants, fstatSync, lstatSync, type Stats } from 'node:fs';
import { InputError } from '../input/input-error.ts';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;

/**
 * Looks at a file that nobody has named: it was found where we are, or above. Such a file can name programs, so it must be
 * one that only we or root can have written. The rule is that of git's `safe.directory`, applied to the file itself:
 * whatever others put in its place is theirs, and is refused.
 * @param fd the open file: what is looked at is what is read
 * @param instead what to do to use it all the same
 * @throws InputError
 */
export function refuseForeign(file: string, fd: number, instead: string): void {
  const link = lstatSync(file);
  const why = whyForeign(fstatSync(fd)) ?? (link.isSymbolicLink() ? whyOther(link.uid) : undefined);
  if (why === undefined) return;
  const message = `${file} was found, not named, and ${why}. It could run programs as you, so it is not used.\n${instead}`;
  throw new InputError([{ message }]);
}

/** Why somebody else can have written a file. */
function whyForeign({ uid, gid, mode }: Stats): string | undefined {
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) return 'is not a regular file';
  const other = whyOther(uid);
  if (other !== undefined) return other;
  if ((mode & OTHERS_WRITE) !== 0) return 'everybody may write it (chmod o-w)';
  // Of many systems each user has a group of the same number, in which nobody else is.
  if ((mode & GROUP_WRITES) !== 0 && gid !== uid) return `its group ${gid} may write it (chmod g-w)`;
  return undefined;
}

/** Root's files are trusted; with sudo those of whoever called it are too. */
function whyOther(uid: number): string | undefined {
  const us = process.getuid?.();
  if (uid === 0 || uid === us) return undefined;
  if (us === 0 && String(uid) === process.env.SUDO_UID) return undefined;
  return `belongs to another user (number ${uid})`;
}
