import { parse } from 'yaml';
import type { z } from 'zod';
import { InputError } from '../input/input-error.ts';
import type { SettingsFile } from './load.ts';
import { EITHER, ONLY_FOR, OPTIONS, type OptionName, variableOf } from './options.ts';
import { SECTIONS } from './sections.ts';

/** Where a value comes from; the first beats the others. */
const LAYERS = ['flag', 'environment', 'file', 'default'] as const;

/** One setting that can be given as a flag, and what it is. */
export interface Effective {
  /** As in the file: `localCpus`, `serve.listen`. */
  name: string;
  /** Key among the flags: `localCpus`, `listen`. */
  key: string;
  value: unknown;
  layer: (typeof LAYERS)[number];
  /** The place for people: `--runs`, `$RELVAL_RUNS`, `relval.yaml:3:1`. */
  from: string;
}

/** What a user gave besides the file. */
export interface Given {
  env: Readonly<Record<string, string | undefined>>;
  /** By the key of the flag in camel case; only those that stand on the command line. */
  flags: Readonly<Record<string, unknown>>;
}

/**
 * Flags beat the environment, which beats the file, which beats the defaults.
 * @param command the one that is run: only what it takes, and of a section of its name the keys, which are its flags too
 * @throws InputError for a variable that does not hold what it should
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
  // A path that is a default is one in the current directory, also where there is a file elsewhere.
  if (!at) return { ...one, value: schema.parse(undefined), layer: 'default', from: 'default' };
  const value = path.reduce((inside, name) => (inside as Record<string, unknown>)[name], file.settings as unknown);
  return { ...one, value, layer: 'file', from: `${file.file}:${at.line}:${at.column}` };
}

/** A text as it is, or as YAML: `4`, `true`, `[a, b]`. */
function fromVariable(variable: string, text: string, schema: z.ZodType): unknown {
  const asText = schema.safeParse(text);
  if (asText.success) return asText.data;
  let data: unknown = text;
  try {
    data = parse(text);
  } catch {
    // Then it is judged as the text that it is.
  }
  const asYaml = schema.safeParse(data);
  if (asYaml.success) return asYaml.data;
  const message = asYaml.error.issues.map((issue) => issue.message).join('; ');
  throw new InputError([{ message: `$${variable}: ${message}` }]);
}

/** Of two that exclude each other one is forgotten where the other is given in a stronger layer, and is not just `false`. */
function dropWeaker(pair: Effective[]): void {
  const rank = ({ layer }: Effective): number => LAYERS.indexOf(layer);
  const set = pair.filter(({ value }) => value !== undefined && value !== false);
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
