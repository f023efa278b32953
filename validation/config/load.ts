import { dirname } from 'node:path';
import { z } from 'zod';
import type { Position } from '../input/input-error.ts';
import { type Path, readYaml } from '../input/yaml-file.ts';
import { relativeTo } from '../input/yaml-types.ts';
import type { SettingsPlace } from './find.ts';
import { OPTIONS } from './options.ts';
import { SECTIONS } from './sections.ts';

export const settingsSchema = z.strictObject({ ...OPTIONS, ...SECTIONS });
type Settings = z.output<typeof settingsSchema>;
/** Sections that are not flags: `serve`, `notify`, … */
export type Sections = Pick<Settings, keyof typeof SECTIONS>;

/** A configuration file that was read; without a file the defaults. */
export interface SettingsFile {
  /** Absolute. */
  file?: string;
  settings: Settings;
  /** The position in the file of a value; undefined if the file does not contain it. */
  at(path: Path): Position | undefined;
}

/**
 * Reads and checks a configuration file.
 * @throws InputError with every problem and its position; also for a file that relval found and that another user may have written
 */
export function loadSettings(place: SettingsPlace | undefined): SettingsFile {
  if (place === undefined) return { settings: settingsSchema.parse({}), at: () => undefined };
  const { file, found } = place;
  const instead = found
    ? `If you trust it, name it with --config ${file}. To run without it, use --no-config`
    : undefined;
  const { data, at, has } = relativeTo(dirname(file), () => readYaml(file, settingsSchema, undefined, instead));
  return { file, settings: data, at: (path) => (has(path) ? at(path, true) : undefined) };
}
