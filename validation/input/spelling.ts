import type { Values } from '../jdl/keys.ts';
import type { Position } from './input-error.ts';

/** Keys that mean something by themselves; any other matters only where it is exported. */
export const KNOWN = [
  'Executable',
  'Arguments',
  'SplitArguments',
  'Split',
  'InputDataCollection',
  'LimitInputFiles',
  'InputFile',
  'Output',
  'OutputFile',
  'OutputArchive',
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
  'Memorysize',
  'CPUCores',
  'WorkDirectorySize',
  'Workdirectorysize',
  'transferToMakeflow',
];
const BY_LOWER_CASE = new Map([...KNOWN].reverse().map((key) => [key.toLowerCase(), key]));

/** `; it is written …` where a key is missing that is there in other letters; else nothing. */
export function otherSpelling(values: Values, key: string): string {
  const other = [...values.keys()].find((name) => name.toLowerCase() === key.toLowerCase());
  return other === undefined || other === key ? '' : `; there is ${other}, and keys are case-sensitive`;
}

function meantBy(name: string): string {
  return KNOWN.includes(name) ? name : (BY_LOWER_CASE.get(name.toLowerCase()) ?? name);
}

/** Keys that hold for a whole workflow. */
const OF_ALL = ['DontArchive', 'SaveAll', 'Split', 'InputDataCollection', 'LimitInputFiles'];

/** Keys that hold where they are exported. */
const ONLY_EXPORTED = ['TTL', 'transferToMakeflow'];

/** Keys that are written into a part of a workflow, and that nothing has asked for there: a warning for each. */
export function unusedKeys(keys: ReadonlyMap<string, Position>, used: ReadonlySet<string>, where: string): string[] {
  return [...keys].flatMap(([key, { source, line }]) => {
    if (used.has(key)) return [];
    const meant = meantBy(key);
    const why =
      meant !== key
        ? `keys are case-sensitive, expected ${meant}`
        : OF_ALL.includes(key)
          ? "it holds for the whole workflow: put it into the workflow's jdl, or into the JDL"
          : KNOWN.includes(key)
            ? ONLY_EXPORTED.includes(key)
              ? "it holds only where JDLVariables, or 'export', has it"
              : 'another key, or a key of the stage, has the last word'
            : "nothing exports it: name it in 'export'";
    return [`${source.file}:${line}: ${key} in ${where} is not used: ${why}`];
  });
}

/**
 * Keys are case-sensitive, as in the predecessor, which passes over those that are written otherwise without a word:
 * a warning for each that differs only in that from a key that means something, or from a suffix.
 */
export function spellingWarnings(values: Values): string[] {
  const warnings: string[] = [];
  for (const [key, { at }] of values) {
    const [, name = key, suffix] = /^(.*)_(append|override|replace)$/is.exec(key) ?? [];
    const known = meantBy(name);
    const meant = suffix === undefined ? known : `${known}_${suffix.toLowerCase()}`;
    if (meant === key) continue;
    warnings.push(`${at.source.file}:${at.line}: ${key} means nothing: keys are case-sensitive, expected ${meant}`);
  }
  return warnings;
}
