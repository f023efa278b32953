import { isKnownKey } from '../input/spelling.ts';
import { HttpError } from './http-error.ts';

/** Keys that decide how many steps there are, how large they are and which release they use, and nothing else. */
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

/** Characters that mean nothing to a shell: values can stand in the arguments of a step, which a shell reads. */
const PLAIN = '[\\w .,:@%+=/-]*';
const VALUE = new RegExp(`^(?:${PLAIN}|\\{(?:\\s*"${PLAIN}"\\s*,?)*\\s*\\})$`);

/**
 * Decides whether a client may set a key of a JDL. Who may start a JDL could else run any command by its keys.
 * @param setting `KEY=VALUE`
 * @param allowed keys that may have any value
 * @throws HttpError 400 it is none, 403 it may not be set
 */
export function checkSetting(setting: string, allowed: readonly string[]): void {
  const [, written, value] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(setting) ?? [];
  if (written === undefined || value === undefined) throw new HttpError(400, `${setting}: expected KEY=VALUE`);
  const key = written.replace(/_(?:append|override|replace)$/, '');
  if (allowed.includes(key)) return;
  const advice = `relval serve --settings ${key} allows it`;
  if (isKnownKey(key) && !HARMLESS.includes(key)) {
    throw new HttpError(403, `${key} decides what is run, or which files are read and written: ${advice}`);
  }
  if (!VALUE.test(value)) {
    throw new HttpError(403, `${written}: its value has characters that mean something to a shell: ${advice}`);
  }
}

/**
 * Decides whether a client may give a value of `$1`, `$2` … in a JDL, which can be part of any of its keys.
 * @throws HttpError 403 a shell could read it as a command
 */
export function checkArgument(value: string): void {
  if (new RegExp(`^${PLAIN}$`).test(value)) return;
  throw new HttpError(403, `arg ${value}: it has characters that mean something to a shell`);
}
