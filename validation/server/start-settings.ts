import { isKnownKey } from '../input/spelling.ts';
import { HttpError } from './http-error.ts';

/** Keys that only decide how many steps there are, how large they are and which release they use. */
const HARMLESS: readonly string[] = [
  'Split',
  'LimitInputFiles',
  'Packages',
  'TTL',
  'DontArchive',
  'SaveAll',
  'NoLiveOutput',
  'CopyTimeout',
  'CopyNumJobs',
  'MemorySize',
  'WorkDirectorySize',
];

/** Characters without a meaning for a shell: values can be in the arguments of a step, which a shell reads. */
const PLAIN = '[\\w .,:@%+=/-]*';
const VALUE = new RegExp(`^(?:${PLAIN}|\\{(?:\\s*"${PLAIN}"\\s*,?)*\\s*\\})$`);

/**
 * Decides whether a client may set a key of a JDL. Without this check a client who may start a JDL could run any command by its keys.
 * @param setting `KEY=VALUE`
 * @param allowed keys that clients may set to any value
 * @throws HttpError 400 for a malformed setting, 403 for a forbidden one
 */
export function checkSetting(setting: string, allowed: readonly string[]): void {
  const [, written, value] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(setting) ?? [];
  if (written === undefined || value === undefined) throw new HttpError(400, `${setting}: expected KEY=VALUE`);
  const key = written.replace(/(?:_(?:append|override|replace))+$/, '');
  if (allowed.includes(key)) return;
  const advice = `relval serve --settings ${key} allows it`;
  if (isKnownKey(key) && !HARMLESS.includes(key)) {
    throw new HttpError(403, `${key} decides which commands run, or which files are read and written: ${advice}`);
  }
  if (!VALUE.test(value)) {
    throw new HttpError(403, `${written}: the value contains characters with a meaning for a shell: ${advice}`);
  }
}

/**
 * Decides whether a client may set a value for `$1`, `$2` … in a JDL, which can be a part of any of its keys.
 * @throws HttpError 403 when a shell could read it as a command
 */
export function checkArgument(value: string): void {
  if (new RegExp(`^${PLAIN}$`).test(value)) return;
  throw new HttpError(403, `arg ${value}: the value contains characters with a meaning for a shell`);
}
