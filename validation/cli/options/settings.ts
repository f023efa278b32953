import type { Argv } from 'yargs';
import { settingsPath } from '../../config/find.ts';
import { effectiveOptions, type Given } from '../../config/layers.ts';
import { loadSettings, type Sections, type SettingsFile } from '../../config/load.ts';
import { flagOf } from '../../config/options.ts';

type Arguments = Record<string, unknown>;

/** What yargs 18 tells of a command line, and its types leave out. */
interface Parsed {
  /** Of the command that is run: every flag that it has, its aliases too. */
  getOptions(): { key: Record<string, unknown> };
  /** Flags that have their value from their default. */
  parsed: { defaulted: Record<string, true> };
}

/**
 * What the environment and `relval.yaml` say about a command's flags is filled in where they are not on the command line,
 * before they are checked. Only flags that the command has; defaults are those of its builder.
 */
export function fillIn(args: Arguments, program: Argv): void {
  const parser = program as unknown as Parsed;
  const known = parser.getOptions().key;
  const given = { env: process.env, flags: notDefaulted(args, parser.parsed.defaulted) };
  for (const { key, value, layer } of effectiveOptions(settingsFile(args), given, String((args._ as unknown[])[0]))) {
    const flag = flagOf(key);
    if (layer === 'flag' || layer === 'default' || !Object.hasOwn(known, flag)) continue;
    Object.assign(args, { [key]: value, [flag]: value });
  }
}

function notDefaulted(args: Arguments, defaulted: Record<string, true>): Given['flags'] {
  return Object.fromEntries(Object.entries(args).filter(([key]) => defaulted[flagOf(key)] === undefined));
}

/** The sections of the configuration that a command runs with. @throws InputError with the place of each problem */
export function sectionsOf(args: Arguments): Sections {
  return settingsFile(args).settings;
}

/** The same, and where in the file it says so. @throws InputError */
export function settingsFile(args: Arguments): SettingsFile {
  return loadSettings(settingsPath(args.config));
}
