import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const FILE_NAME = 'relval.yaml';

type Environment = Readonly<Record<string, string | undefined>>;

/** A configuration file, absolute. */
export interface SettingsPlace {
  file: string;
  /** Nobody has named it: it was found. */
  found: boolean;
}

/**
 * The configuration file of a command line: the one that `--config` or `$RELVAL_CONFIG` names, else the one that is found.
 * @param config what `--config` says; `false`: `--no-config`
 */
export function settingsPlace(config: unknown, env: Environment = process.env): SettingsPlace | undefined {
  if (config === false) return undefined;
  const named = config ?? env.RELVAL_CONFIG;
  if (typeof named === 'string' && named !== '') return { file: resolve(named), found: false };
  const file = findSettings();
  return file === undefined ? undefined : { file, found: true };
}

/** Whether an environment variable may say something about a flag. */
export function hasVariables(env: Environment = process.env): boolean {
  return Object.keys(env).some((name) => name.startsWith('RELVAL_'));
}

/**
 * The file that counts: `relval.yaml` in the current directory or the nearest above it, else in `~/.config/relval/`
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
