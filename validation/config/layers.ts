import { parse } from 'yaml';
import type { z } from 'zod';
import { InputError } from '../input/input-error.ts';
import type { SettingsFile } from './load.ts';
import type { OptionName } from './option-texts.ts';
import { EITHER, ONLY_FOR, OPTIONS, variableOf } from './options.ts';
import { SECTIONS } from './sections.ts';

/** Where a value comes from. An earlier layer replaces a later one. */
const LAYERS = ['flag', 'environment', 'file', 'default'] as const;

/** One setting that is also a flag, with its value. */
export interface Effective {
  /** Its name in the file: `localCpus`, `serve.listen`. */
  name: string;
  /** Its name among the flags: `localCpus`, `listen`. */
  key: string;
  value: unknown;
  layer: (typeof LAYERS)[number];
  /** Its source in readable form: `--runs`, `$RELVAL_RUNS`, `relval.yaml:3:1`. */
  from: string;
}

/** The user's settings outside the file. */
export interface Given {
  env: Readonly<Record<string, string | undefined>>;
  /** By the flag's name in camel case; only flags on the command line. */
  flags: Readonly<Record<string, unknown>>;
}

/**
 * Flags replace the environment, which replaces the file, which replaces the defaults.
 * @param command the command that runs: only its options, and the keys of the section with its name, which are its flags too
 * @throws InputError for a variable with an invalid value
 */
export function effectiveOptions(file: SettingsFile, given: Given, command?: string): Effective[] {
  const found = Object.entries(OPTIONS)
    .filter(([key]) => command === undefined || (ONLY_FOR[key as OptionName]?.includes(command) ?? true))
    .map(([key, schema]) => effective(file, given, [key], schema));
  for (const pair of EITHER) dropWeaker(pair.flatMap((key) => found.filter((one) => one.name === key)));
  if (command === undefined || !isSection(command)) return found;
  const keys = Object.entries(SECTIONS[command].unwrap().shape as Record<string, z.ZodType>);
  return [...found, ...keys.map(([key, schema]) => effective(file, given, [command, key], schema))];
}

function isSection(name: string): name is keyof typeof SECTIONS {
  return Object.hasOwn(SECTIONS, name);
}

function effective(file: SettingsFile, given: Given, path: string[], schema: z.ZodType): Effective {
  const key = path.at(-1) as string;
  const one = { name: path.join('.'), key };
  if (given.flags[key] !== undefined) return { ...one, value: given.flags[key], layer: 'flag', from: 'command line' };
  const variable = variableOf(key, path.length > 1 ? path[0] : undefined);
  const text = given.env[variable];
  if (text) return { ...one, value: fromVariable(variable, text, schema), layer: 'environment', from: `$${variable}` };
  const at = file.at(path);
  // A default path is relative to the current directory, even if there is a file in another directory.
  if (!at) return { ...one, value: schema.parse(undefined), layer: 'default', from: 'default' };
  const value = path.reduce((inside, name) => (inside as Record<string, unknown>)[name], file.settings as unknown);
  return { ...one, value, layer: 'file', from: `${file.file}:${at.line}:${at.column}` };
}

/** A text unchanged, or read as YAML: `4`, `true`, `[a, b]`. */
function fromVariable(variable: string, text: string, schema: z.ZodType): unknown {
  const asText = schema.safeParse(text);
  if (asText.success) return asText.data;
  let data: unknown = text;
  try {
    data = parse(text);
  } catch {
    // Then the plain text is checked.
  }
  const asYaml = schema.safeParse(data);
  if (asYaml.success) return asYaml.data;
  const message = asYaml.error.issues.map((issue) => issue.message).join('; ');
  throw new InputError([{ message: `$${variable}: ${message}` }]);
}

/** Values that only say that an option is not chosen. */
const NOTHING: readonly unknown[] = [undefined, false, 'wq'];

/** If two options exclude each other, the one from the weaker layer is dropped, unless the other one is not chosen. */
function dropWeaker(pair: Effective[]): void {
  const rank = ({ layer }: Effective): number => LAYERS.indexOf(layer);
  const set = pair.filter(({ value }) => !NOTHING.includes(value));
  const strongest = Math.min(...set.map(rank));
  for (const one of set) {
    if (rank(one) > strongest)
      Object.assign(one, {
        value: OPTIONS[one.name as OptionName].parse(undefined),
        layer: 'default',
        from: 'default',
      });
  }
}
