import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../input/input-error.ts';

const FILE_NAME = 'relval.yaml';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration file of a command line: the one that `--config` or `$RELVAL_CONFIG` names, else the one that is found.
 * @param config what `--config` says; `false`: `--no-config`
 * @throws InputError as findSettings
 */
export function settingsPath(config: unknown, env: Environment = process.env): string | undefined {
  if (config === false) return undefined;
  const named = config ?? env.RELVAL_CONFIG;
  return typeof named === 'string' && named !== '' ? resolve(named) : findSettings();
}

/** Whether an environment variable may say something about a flag. */
export function hasVariables(env: Environment = process.env): boolean {
  return Object.keys(env).some((name) => name.startsWith('RELVAL_'));
}

/**
 * The file that counts: `relval.yaml` in the current directory or the nearest above it, else in `~/.config/relval/`
 * (`$XDG_CONFIG_HOME/relval/`), else in `/etc/relval/`.
 * @throws InputError for one that anybody could have put there: in a directory that all may write, of another user
 */
export function findSettings(cwd = process.cwd(), env: Environment = process.env): string | undefined {
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
