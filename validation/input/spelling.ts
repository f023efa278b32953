import type { Values } from '../jdl/keys.ts';
import type { Position } from './input-error.ts';

/** Keys that relval uses. Any other key has an effect only if it is exported. */
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

/** Whether relval uses a key. */
export function isKnownKey(key: string): boolean {
  return KNOWN.includes(key);
}

const BY_LOWER_CASE = new Map([...KNOWN].reverse().map((key) => [key.toLowerCase(), key]));

/** `; there is …` if a missing key exists in another case; else an empty text. */
export function otherSpelling(values: Values, key: string): string {
  const other = [...values.keys()].find((name) => name.toLowerCase() === key.toLowerCase());
  return other === undefined || other === key ? '' : `; there is ${other}, but keys are case-sensitive`;
}

function meantBy(name: string): string {
  return KNOWN.includes(name) ? name : (BY_LOWER_CASE.get(name.toLowerCase()) ?? name);
}

/** Keys that apply to a whole workflow. */
const OF_ALL = ['DontArchive', 'SaveAll', 'Split', 'InputDataCollection', 'LimitInputFiles'];

/** Keys that apply only if they are exported. */
const ONLY_EXPORTED = ['TTL', 'transferToMakeflow'];

/** A warning for each key in a part of a workflow that has no effect there. */
export function unusedKeys(keys: ReadonlyMap<string, Position>, used: ReadonlySet<string>, where: string): string[] {
  return [...keys].flatMap(([key, { source, line }]) => {
    if (used.has(key)) return [];
    const meant = meantBy(key);
    const why =
      meant !== key
        ? `keys are case-sensitive: write ${meant}`
        : OF_ALL.includes(key)
          ? "it applies to the whole workflow: put it into the workflow's jdl, or into the JDL"
          : KNOWN.includes(key)
            ? ONLY_EXPORTED.includes(key)
              ? "it has an effect only if JDLVariables or 'export' names it"
              : 'another key, or a key of the stage, replaces it'
            : "it is not exported: name it in 'export'";
    return [`${source.file}:${line}: ${key} in ${where} is not used: ${why}`];
  });
}

/**
 * Keys are case-sensitive, as in the predecessor, which ignores keys in other letters without a message.
 * Returns a warning for each key that differs only in case from a key or a suffix that relval uses.
 */
export function spellingWarnings(values: Values): string[] {
  const warnings: string[] = [];
  for (const [key, { at }] of values) {
    const [, name = key, suffix] = /^(.*)_(append|override|replace)$/is.exec(key) ?? [];
    const known = meantBy(name);
    const meant = suffix === undefined ? known : `${known}_${suffix.toLowerCase()}`;
    if (meant === key) continue;
    warnings.push(`${at.source.file}:${at.line}: ${key} has no effect: keys are case-sensitive: write ${meant}`);
  }
  return warnings;
}
