import { realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path';
import type { RunDir } from '../../runs/store/store.ts';
import { quote } from '../../step/shell-words.ts';

/** The shell in which the user will type a command: see `thisShell`. */
export interface Shell {
  cwd: string;
  /** $PATH. */
  path: string;
  /** Absolute path of this program, without links. */
  program: string;
  /** The target of a link; undefined: there is no such file. */
  real(path: string): string | undefined;
}

function thisShell(): Shell {
  return {
    cwd: process.cwd(),
    path: process.env.PATH ?? '',
    program: realpathSync(process.argv[1] ?? ''),
    real(path) {
      try {
        return realpathSync(path);
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * The word that calls this program: `relval` if the shell finds it, `npx relval` in a checkout, else
 * its path.
 */
export function relvalWord({ cwd, path, program, real }: Shell): string {
  // npm adds its own folders to the path of its programs; the user's shell does not have them.
  const folders = path
    .split(delimiter)
    .filter((folder) => folder !== '' && !/node_modules|_npx|node-gyp-bin/.test(folder));
  const found = folders.map((folder) => real(join(folder, 'relval'))).find((file) => file !== undefined);
  if (found === program) return 'relval';
  // dist/validation/cli/main.js
  const checkout = dirname(dirname(dirname(dirname(program))));
  if (`${cwd}/`.startsWith(`${checkout}/`)) return 'npx relval';
  return word(program);
}

/** A command about a run that the user can paste into the shell, also if its runs are not in the default directory. */
export function aboutRun(run: RunDir, command: string, rest: readonly string[] = [], shell = thisShell()): string {
  const id = basename(run.path);
  const isDefault = dirname(run.path) === resolve(shell.cwd, process.env.RELVAL_RUNS || 'runs');
  const words = [command, isDefault ? id : relative(shell.cwd, run.path) || '.', ...rest];
  return [relvalWord(shell), ...words.map(word)].join(' ');
}

function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text);
}
