import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { InputError, type Position } from '../jdl/problem.ts';
import { type Path, readYaml } from '../workflow/yaml-file.ts';
import { relativeTo } from '../workflow/yaml-types.ts';
import { OPTIONS } from './options.ts';
import { SECTIONS } from './sections.ts';

/** Name of the configuration file. */
export const FILE_NAME = 'relval.yaml';

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

/**
 * The file that counts: `relval.yaml` in the current directory or the nearest above it, else in `~/.config/relval/`
 * (`$XDG_CONFIG_HOME/relval/`), else in `/etc/relval/`.
 * @throws InputError for one that anybody could have put there: in a directory that all may write, of another user
 */
export function findSettings(cwd = process.cwd(), env = process.env): string | undefined {
  const folders = [resolve(cwd)];
  for (let folder = folders[0] as string; dirname(folder) !== folder; ) {
    folder = dirname(folder);
    folders.push(folder);
  }
  folders.push(join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'relval'), '/etc/relval');
  const found = folders.map((folder) => join(folder, FILE_NAME)).find((path) => existsSync(path));
  if (found !== undefined && isForeign(found)) {
    const message = `${found} belongs to another user, in a directory that everybody may write: name it with --config if it is to be used`;
    throw new InputError([{ message }]);
  }
  return found;
}

const OTHERS_WRITE = 0o002;

function isForeign(path: string): boolean {
  const { uid } = statSync(path);
  return (statSync(dirname(path)).mode & OTHERS_WRITE) !== 0 && uid !== 0 && uid !== process.getuid?.();
}

/** Reads and checks a configuration file. @throws InputError with every problem at its place */
export function loadSettings(file: string | undefined): SettingsFile {
  if (file === undefined) return { settings: settingsSchema.parse({}), at: () => undefined };
  const { data, at, has } = relativeTo(dirname(resolve(file)), () => readYaml(file, settingsSchema));
  return { file: resolve(file), settings: data, at: (path) => (has(path) ? at(path, true) : undefined) };
}
