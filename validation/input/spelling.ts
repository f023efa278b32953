import type { Values } from '../jdl/keys.ts';

/** Keys that mean something by themselves; any other matters only where it is exported. */
const KNOWN = [
  'Executable',
  'Arguments',
  'SplitArguments',
  'Split',
  'InputDataCollection',
  'LimitInputFiles',
  'InputFile',
  'Output',
  'OutputDir',
  'JDLVariables',
  'ExtraVariables',
  'Packages',
  'EnvironmentCommand',
  'TTL',
  'DontArchive',
  'SaveAll',
  'NoLiveOutput',
  'CopyTimeout',
  'CopyNumJobs',
  'MemorySize',
  'WorkDirectorySize',
  'transferToMakeflow',
];
const BY_LOWER_CASE = new Map(KNOWN.map((key) => [key.toLowerCase(), key]));

/** `; it is written …` where a key is missing that is there in other letters; else nothing. */
export function otherSpelling(values: Values, key: string): string {
  const other = [...values.keys()].find((name) => name.toLowerCase() === key.toLowerCase());
  return other === undefined || other === key ? '' : `; there is ${other}, and keys are case-sensitive`;
}

/**
 * Keys are case-sensitive, as in the predecessor, which passes over those that are written otherwise without a word:
 * a warning for each that differs only in that from a key that means something, or from a suffix.
 */
export function spellingWarnings(values: Values): string[] {
  const warnings: string[] = [];
  for (const [key, { at }] of values) {
    const [, name = key, suffix] = /^(.*)_(append|override|replace)$/is.exec(key) ?? [];
    const known = BY_LOWER_CASE.get(name.toLowerCase()) ?? name;
    const meant = suffix === undefined ? known : `${known}_${suffix.toLowerCase()}`;
    if (meant === key) continue;
    warnings.push(`${at.source.file}:${at.line}: ${key} means nothing: keys are case-sensitive, expected ${meant}`);
  }
  return warnings;
}
