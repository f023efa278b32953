import type { Argv } from 'yargs';

/** A member of yargs 18 that its types do not declare. */
interface Parsed {
  /** The names of the current command's flags, by the types of their values. */
  getOptions(): { string: string[]; number: string[]; array: string[] };
}

/**
 * The mistake of a command line with `--no-NAME` where NAME is a flag with a value, as a sentence; undefined: there is none.
 * yargs takes every `--no-NAME` as NAME with the value false.
 * @param negatable flags with a value that may be negated
 */
export function wrongNegation(
  args: Readonly<Record<string, unknown>>,
  program: Argv,
  negatable: readonly string[] = [],
): string | undefined {
  const { string, number, array } = (program as unknown as Parsed).getOptions();
  const name = [...string, ...number, ...array].find((flag) => !negatable.includes(flag) && hasFalse(args[flag]));
  return name === undefined ? undefined : `--no-${name} is not possible: --${name} has a value. Leave it out`;
}

function hasFalse(value: unknown): boolean {
  return value === false || (Array.isArray(value) && value.includes(false));
}
