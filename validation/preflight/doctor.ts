import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

/** A Debian package that this project uses, and how to check that it is installed. `packages.json` lists them all. */
export interface NeededPackage {
  package: string;
  command?: string;
  file?: string;
  why: string;
  for: ('run' | 'test')[];
}

export interface Diagnosis extends NeededPackage {
  present: boolean;
}

/** Checks everything that a run, or the tests, need. The set-up installs from the same list. */
export function diagnose(purpose: 'run' | 'test'): Diagnosis[] {
  const file = createRequire(import.meta.url).resolve('release-validation/validation/preflight/packages.json');
  const all = JSON.parse(readFileSync(file, 'utf8')) as NeededPackage[];
  return all
    .filter((entry) => entry.for.includes(purpose))
    .map((entry) => ({ ...entry, present: entry.command ? inPath(entry.command) : existsSync(entry.file ?? '') }));
}

/** One command that installs the missing packages. */
export function installCommand(missing: readonly NeededPackage[]): string {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${sudo}apt-get install -y --no-install-recommends ${missing.map((entry) => entry.package).join(' ')}`;
}

function inPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
