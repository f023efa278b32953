import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const FILE_NAME = 'relval.yaml';

type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration file, absolute. */
export interface SettingsPlace {
  file: string;
  /** The user has not named it: relval found it. */
  found: boolean;
}

/**
 * The configuration file of a command line: the one in `--config` or `$RELVAL_CONFIG`, else the one that relval finds.
 * @param config the value of `--config`; `false`: `--no-config`
 */
export function settingsPlace(config: unknown, env: Environment = process.env): SettingsPlace | undefined {
  if (config === false) return undefined;
  const named = config ?? env.RELVAL_CONFIG;
  if (typeof named === 'string' && named !== '') return { file: resolve(named), found: false };
  const file = findSettings();
  return file === undefined ? undefined : { file, found: true };
}

/** Whether an environment variable may set a flag. */
export function hasVariables(env: Environment = process.env): boolean {
  return Object.keys(env).some((name) => name.startsWith('RELVAL_'));
}

/**
 * The file that relval finds: `relval.yaml` in the current directory or the nearest one above it, else in `~/.config/relval/`
 * (`$XDG_CONFIG_HOME/relval/`), else in `/etc/relval/`.
 */
export function findSettings(cwd = process.cwd(), env: Environment = process.env): string | undefined {
  const folders = [resolve(cwd)];
  for (let folder = folders[0] as string; dirname(folder) !== folder; ) {
    folder = dirname(folder);
    folders.push(folder);
  }
  folders.push(join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'relval'), '/etc/relval');
  return folders.map((folder) => join(folder, FILE_NAME)).find((path) => existsSync(path));
}
