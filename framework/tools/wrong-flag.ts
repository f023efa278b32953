import type { Argv } from 'yargs';

/** A member of yargs 18 that its types do not declare. */
interface Parsed {
  /** The names of the current command's flags, by the types of their values. */
  getOptions(): { string: string[]; number: string[]; array: string[] };
}

/**
 * The mistake of a command line with `--no-NAME` where NAME is a flag with a value, or with a flag of one value that is given
 * several times, as a sentence; undefined: there is none. yargs takes every `--no-NAME` as NAME with the value false, and makes
 * a list of several values.
 * @param negatable flags with a value that may be negated
 */
export function wrongFlag(
  args: Readonly<Record<string, unknown>>,
  program: Argv,
  negatable: readonly string[] = [],
): string | undefined {
  const { string, number, array } = (program as unknown as Parsed).getOptions();
  const negated = [...string, ...number, ...array].find((flag) => !negatable.includes(flag) && hasFalse(args[flag]));
  if (negated !== undefined) return `--no-${negated} is not possible: --${negated} has a value. Leave it out`;
  const repeated = [...string, ...number].find((flag) => !array.includes(flag) && Array.isArray(args[flag]));
  return repeated === undefined ? undefined : `--${repeated}: it has one value, and is given several times`;
}

function hasFalse(value: unknown): boolean {
  return value === false || (Array.isArray(value) && value.includes(false));
}
