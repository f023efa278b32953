import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../../input/input-error.ts';
import type { RunRequest } from '../store/record.ts';

type Secret = NonNullable<RunRequest['secrets']>[number];

/** Shortest secret. A shorter text occurs in every log, and masking it would make logs unreadable. */
const SHORTEST = 4;

/** @param flags `NAME` or `NAME=FILE` each @throws InputError */
export function parseSecrets(flags: readonly string[]): Secret[] {
  return flags.map((flag) => {
    const [, name, file] = /^([A-Za-z_]\w*)(?:=(.+))?$/s.exec(flag) ?? [];
    if (name === undefined) {
      throw new InputError([{ message: `--secret ${flag.split('=')[0]}: expected NAME or NAME=FILE` }]);
    }
    return file === undefined ? { name } : { name, file: resolve(file) };
  });
}

/**
 * The values of a run's secrets, by name. One line feed at the end of a file is not part of the value.
 * @throws InputError for a variable that is not set, a file that cannot be read, a value that cannot be masked
 */
export function readSecrets(secrets: readonly Secret[]): Record<string, string> {
  return Object.fromEntries(
    secrets.map(({ name, file }) => {
      const value = file === undefined ? process.env[name] : readValue(name, file);
      if (value === undefined) {
        throw new InputError([
          {
            message: `--secret ${name}: the environment has no variable ${name}. Set it, or use --secret ${name}=FILE`,
          },
        ]);
      }
      if (value.length < SHORTEST || /[\n\0]/.test(value)) {
        const message = `--secret ${name}: expected one line of at least ${SHORTEST} characters, so that it can be masked in logs`;
        throw new InputError([{ message }]);
      }
      return [name, value];
    }),
  );
}

function readValue(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\n$/, '');
  } catch (error) {
    throw new InputError([{ message: `--secret ${name}: ${(error as Error).message}` }]);
  }
}
