import { realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join, relative, resolve } from 'node:path';
import type { RunDir } from '../../runs/store/store.ts';
import { quote } from '../../step/shell-words.ts';

/** Where a command is going to be typed: see `thisShell`. */
export interface Shell {
  cwd: string;
  /** $PATH. */
  path: string;
  /** Absolute path of the program that runs now, without links. */
  program: string;
  /** What a link leads to; undefined: there is no such file. */
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
 * The word by which the program that runs now is called: `relval` where a shell finds it, `npx relval` in a checkout, else
 * its path.
 */
export function relvalWord({ cwd, path, program, real }: Shell): string {
  // npm puts folders of its own into the path of what it runs; the user's shell does not have them.
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

/** A command about a run that can be pasted into the shell, also when its runs are not where relval looks first. */
export function aboutRun(run: RunDir, command: string, rest: readonly string[] = [], shell = thisShell()): string {
  const id = basename(run.path);
  const isDefault = dirname(run.path) === resolve(shell.cwd, process.env.RELVAL_RUNS || 'runs');
  const words = [command, isDefault ? id : relative(shell.cwd, run.path) || '.', ...rest];
  return [relvalWord(shell), ...words.map(word)].join(' ');
}

function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quote(text);
}
