import { constants, fstatSync, lstatSync, type Stats } from 'node:fs';
import { InputError } from '../input/input-error.ts';

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;

/**
 * Checks a file that the user has not named: it was found in the current directory or above. Such a file can name programs, so only
 * the user or root may be able to write it. The rule is that of git's `safe.directory`, applied to the file itself:
 * a file that others put in its place belongs to them, and is refused.
 * @param fd the open file: the checked file is the one that is read
 * @param instead how to use the file in spite of this
 * @throws InputError
 */
export function refuseForeign(file: string, fd: number, instead: string): void {
  const link = lstatSync(file);
  const why = whyForeign(fstatSync(fd)) ?? (link.isSymbolicLink() ? whyOther(link.uid) : undefined);
  if (why === undefined) return;
  const message = `relval does not use ${file}, because you did not name it and ${why}. It could make relval run programs as you.\n${instead}`;
  throw new InputError([{ message }]);
}

/** Why somebody else may have written a file. */
function whyForeign({ uid, gid, mode }: Stats): string | undefined {
  if ((mode & constants.S_IFMT) !== constants.S_IFREG) return 'it is not a regular file';
  const other = whyOther(uid);
  if (other !== undefined) return other;
  if ((mode & OTHERS_WRITE) !== 0) return 'everybody may write it (change that with chmod o-w)';
  // On many systems each user has a private group with the same number.
  if ((mode & GROUP_WRITES) !== 0 && gid !== uid) return `its group ${gid} may write it (change that with chmod g-w)`;
  return undefined;
}

/** Files of root are trusted. With sudo, files of the calling user are trusted too. */
function whyOther(uid: number): string | undefined {
  const us = process.getuid?.();
  if (uid === 0 || uid === us) return undefined;
  if (us === 0 && String(uid) === process.env.SUDO_UID) return undefined;
  return `it belongs to another user (number ${uid})`;
}
