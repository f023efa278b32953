import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { Position } from '../input/input-error.ts';
import { type Path, readYaml } from '../input/yaml-file.ts';
import { relativeTo } from '../input/yaml-types.ts';
import { OPTIONS } from './options.ts';
import { SECTIONS } from './sections.ts';

export const settingsSchema = z.strictObject({ ...OPTIONS, ...SECTIONS });
type Settings = z.output<typeof settingsSchema>;
/** What flags are not: `serve`, `notify`, … */
export type Sections = Pick<Settings, keyof typeof SECTIONS>;

/** A configuration file that was read; with no file the defaults. */
export interface SettingsFile {
  /** Absolute. */
  file?: string;
  settings: Settings;
  /** Where in the file something is said; undefined when it is not. */
  at(path: Path): Position | undefined;
}

/** Reads and checks a configuration file. @throws InputError with every problem at its place */
export function loadSettings(file: string | undefined): SettingsFile {
  if (file === undefined) return { settings: settingsSchema.parse({}), at: () => undefined };
  const { data, at, has } = relativeTo(dirname(resolve(file)), () => readYaml(file, settingsSchema));
  return { file: resolve(file), settings: data, at: (path) => (has(path) ? at(path, true) : undefined) };
}
