import type { Argv } from 'yargs';

/** A member of yargs 18 that its types do not declare. */
interface Parsed {
  /** The names of the current command's flags, by the types of their values. */
  getOptions(): { string: string[]; number: string[]; array: string[] };
}

/** The mistake of a command line that gives a flag with one value several times, as a sentence; undefined: there is none. */
export function repeatedFlag(args: Readonly<Record<string, unknown>>, program: Argv): string | undefined {
  const { string, number, array } = (program as unknown as Parsed).getOptions();
  const name = [...string, ...number].find((flag) => !array.includes(flag) && Array.isArray(args[flag]));
  return name === undefined ? undefined : `--${name}: it has one value, and is given several times`;
}
