import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

/** A Debian package that this project uses, and how to tell that it is there. `packages.json` holds them all. */
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

/** Looks for everything that a run needs, or the tests; the same list that set-up installs from. */
export function diagnose(purpose: 'run' | 'test'): Diagnosis[] {
  const file = createRequire(import.meta.url).resolve('release-validation/validation/preflight/packages.json');
  const all = JSON.parse(readFileSync(file, 'utf8')) as NeededPackage[];
  return all
    .filter((entry) => entry.for.includes(purpose))
    .map((entry) => ({ ...entry, present: entry.command ? inPath(entry.command) : existsSync(entry.file ?? '') }));
}

/** The one command that installs what is missing. */
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
