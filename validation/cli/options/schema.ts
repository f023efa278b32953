import yargs, { type Argv } from 'yargs';

/** An option of a command, as its help shows it. */
export interface Flag {
  /** With dashes, the long one first, for example `--follow` and `-f`. */
  names: string[];
  describe: string;
  takesValue: boolean;
  choices: string[];
  /** The default value; undefined: none, or not worth showing. */
  default: string | undefined;
  /** Whether it is on without `--no-NAME`. */
  on: boolean;
  /** Whether it is required. */
  demanded: boolean;
}

/** A positional argument of a command. */
export interface Positional {
  name: string;
  describe: string;
  choices: string[];
}

export interface Schema {
  flags: Flag[];
  positionals: Positional[];
}

/** Members of yargs 18 that describe a command line, and that its types do not declare. */
interface Declared {
  getOptions(): {
    key: Record<string, unknown>;
    alias: Record<string, string[]>;
    boolean: string[];
    choices: Record<string, readonly string[]>;
    default: Record<string, unknown>;
    defaultDescription: Record<string, string | undefined>;
    demandedOptions: Record<string, unknown>;
    hiddenOptions: string[];
  };
  getGroups(): Record<string, string[]>;
  getInternalMethods(): { getUsageInstance(): { getDescriptions(): Record<string, string | undefined> } };
}

const POSITIONALS = 'Positionals:';

/** The options and arguments that a command declares to yargs. They are the source of the help, the manual and the completion. */
export function schemaOf(declare: (yargs: Argv) => unknown): Schema {
  const parser = yargs([]).locale('en').help(false).version(false);
  declare(parser);
  const declared = parser as unknown as Declared;
  const options = declared.getOptions();
  const descriptions = declared.getInternalMethods().getUsageInstance().getDescriptions();
  const describe = (name: string) => descriptions[name] ?? '';
  const choices = (name: string) => (options.choices[name] ?? []).map(String);
  const positionals = declared.getGroups()[POSITIONALS] ?? [];
  const aliases = new Set(Object.values(options.alias).flat());
  const names = Object.keys(options.key).filter(
    (name) => !aliases.has(name) && !positionals.includes(name) && !options.hiddenOptions.includes(name),
  );
  return {
    positionals: positionals.map((name) => ({ name, describe: describe(name), choices: choices(name) })),
    flags: names.map((name) => {
      const isSwitch = options.boolean.includes(name);
      const value = options.default[name];
      return {
        names: [name, ...(options.alias[name] ?? [])]
          .sort((a, b) => Number(a.length === 1) - Number(b.length === 1))
          .map((one) => (one.length === 1 ? `-${one}` : `--${one}`)),
        describe: describe(name),
        takesValue: !isSwitch,
        choices: choices(name),
        default: options.defaultDescription[name] ?? (isSwitch ? undefined : textOf(value)),
        on: isSwitch && value === true,
        demanded: options.demandedOptions[name] !== undefined,
      };
    }),
  };
}

function textOf(value: unknown): string | undefined {
  const text = Array.isArray(value) ? value.join(', ') : String(value ?? '');
  return text === '' ? undefined : text;
}
