import type { Argv } from 'yargs';
import { settingsPlace } from '../../config/find.ts';
import { effectiveOptions, type Given } from '../../config/layers.ts';
import { loadSettings, type Sections, type SettingsFile } from '../../config/load.ts';
import { flagOf } from '../../config/options.ts';

type Arguments = Record<string, unknown>;

/** Members of yargs 18 that its types do not declare. */
interface Parsed {
  /** All flags of the current command, with their aliases. */
  getOptions(): { key: Record<string, unknown> };
  /** Flags whose value is their default. */
  parsed: { defaulted: Record<string, true> };
}

/**
 * Fills in flags that are not on the command line from the environment and `relval.yaml`, before yargs checks them. Only
 * flags of the current command; the defaults come from its builder.
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

/** The sections of `relval.yaml`. @throws InputError with the position of each mistake */
export function sectionsOf(args: Arguments): Sections {
  return settingsFile(args).settings;
}

/** The whole `relval.yaml`, with positions. @throws InputError with the position of each mistake */
export function settingsFile(args: Arguments): SettingsFile {
  return loadSettings(settingsPlace(args.config));
}
