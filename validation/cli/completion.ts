import { readdirSync } from 'node:fs';
import type { Argv } from 'yargs';
import { HISTORY_DIR } from '../history/store.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { COMMANDS, COMPLETE, CONFIG, type Entry, UTC } from './commands.ts';
import { type Flag, type Schema, schemaOf } from './options/schema.ts';
import { SHELLS, script } from './output/completion-scripts.ts';
import { out } from './terminal.ts';

/** A word that the shell can offer, and its meaning. */
export interface Candidate {
  word: string;
  describe: string;
}

/** The names on this machine that can be arguments of a command. */
export interface Known {
  /** Ids of the runs, the newest last. */
  runs(): string[];
  steps(run: string): string[];
  /** Names of the runs. */
  names(): string[];
}

export const completionCommand = defineCommand(
  (command) => command.positional('shell', { choices: SHELLS, demandOption: true, describe: 'Name of the shell' }),
  ({ shell }) => out.sayText(script(shell as (typeof SHELLS)[number], COMPLETE)),
);

export const completeCommand = defineCommand(
  (command: Argv) => command,
  async (args) => {
    const words = ((args['--'] ?? []) as unknown[]).map(String);
    const found = await candidates(words, knownIn(valueGiven(words, '--runs') ?? process.env.RELVAL_RUNS ?? 'runs'));
    out.say(...found.map(({ word, describe }) => `${word}\t${describe.replaceAll(/\s+/g, ' ')}`));
  },
);

/**
 * The words that can replace the last word of a command line. None: the shell offers files.
 * @param words of the command line without the program; the last one is to be completed and may be empty
 */
export async function candidates(words: readonly string[], known: Known): Promise<Candidate[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const shown = COMMANDS.filter(({ describe }) => describe !== false);
  const entry = shown.find((one) => before.some((word) => namesOf(one).includes(word)));
  const schema = schemaOf((command) => command.options({ config: CONFIG, utc: UTC }));
  if (entry) {
    const { builder } = await entry.load();
    const own = schemaOf(builder);
    schema.flags.unshift(...own.flags);
    schema.positionals.push(...own.positionals);
  }
  return all(entry, schema, before, current, known).filter(({ word }) => word.startsWith(current));
}

function all(
  entry: Entry | undefined,
  { flags, positionals }: Schema,
  before: readonly string[],
  current: string,
  known: Known,
): Candidate[] {
  const asked = flags.find(({ takesValue, names }) => takesValue && names.includes(before.at(-1) ?? ''));
  if (asked) return asked.choices.map((word) => ({ word, describe: '' }));
  if (current.startsWith('-')) return flags.flatMap(wordsOf).concat({ word: '--help', describe: 'Show help' });
  if (entry === undefined)
    return COMMANDS.flatMap((one) =>
      one.describe === false ? [] : [{ word: namesOf(one)[0] as string, describe: one.describe }],
    );
  const places = before.filter((word, i) => !word.startsWith('-') && !takes(flags, before[i - 1]));
  const place = positionals[places.length - 1];
  if (!place) return [];
  if (place.choices.length > 0) return place.choices.map((word) => ({ word, describe: '' }));
  if (place.name === 'name' && namesOf(entry)[0] === 'trend')
    return known.names().map((word) => ({ word, describe: '' }));
  if (place.name === 'step' || place.name === 'steps')
    return known.steps(places[1] ?? 'last').map((word) => ({ word, describe: '' }));
  if (!['run', 'a', 'b'].includes(place.name)) return [];
  return [
    { word: 'last', describe: 'the newest run' },
    ...known
      .runs()
      .reverse()
      .map((word) => ({ word, describe: '' })),
  ];
}

/** The names of a command: for `logs <run> [step]` it is `logs`. */
export function namesOf({ usage }: Entry): string[] {
  return [usage].flat().map((one) => one.split(' ')[0] as string);
}

function takes(flags: readonly Flag[], word: string | undefined): boolean {
  return word !== undefined && flags.some(({ takesValue, names }) => takesValue && names.includes(word));
}

function wordsOf({ names, describe, on }: Flag): Candidate[] {
  return names
    .filter((name) => name.startsWith('--'))
    .map((name) => ({ word: on ? name.replace('--', '--no-') : name, describe }));
}

function valueGiven(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  return at < 0 ? words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) : words[at + 1];
}

function knownIn(directory: string): Known {
  const store = new RunStore(directory);
  return {
    runs: () => orNone(() => readdirSync(store.dir).filter((name) => name !== HISTORY_DIR && !name.startsWith('.'))),
    steps: (run) => orNone(() => [...store.find(run).readView().steps.keys()]),
    names: () => orNone(() => [...new Set(store.overview().runs.map(({ record }) => record.name))]),
  };
}

/** A completion that fails prints no error into the command line. */
function orNone(look: () => string[]): string[] {
  try {
    return look();
  } catch {
    return [];
  }
}
