import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../input/input-error.ts';
import { loadNightlies } from '../schedule/nightly.ts';
import type { Startables } from './api.ts';

/** The largest number of inputs in the list, of directories that are read, and of levels below a directory. */
const MOST = 500;
const DIRECTORIES = 1000;
const DEEPEST = 6;

/** JDLs, and YAML files that may be workflows. relval checks at the start whether a file is a workflow. */
const INPUT = /\.(?:jdl|ya?ml)$/;

/**
 * The inputs that the page can start: the JDLs and workflows below some directories, sorted by name, and the nightlies of a
 * file. It does not follow links.
 */
export async function startables(directories: readonly string[], nightlies: string | undefined): Promise<Startables> {
  const inputs: string[] = [];
  const left = directories.map((path) => ({ path, depth: 0 }));
  let looked = 0;
  for (let next = left.shift(); next && inputs.length <= MOST && looked < DIRECTORIES; next = left.shift()) {
    looked++;
    const { path, depth } = next;
    const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const below = join(path, entry.name);
      if (entry.isFile() && INPUT.test(entry.name)) inputs.push(below);
      else if (entry.isDirectory() && depth < DEEPEST && !entry.name.startsWith('.')) {
        left.push({ path: below, depth: depth + 1 });
      }
    }
  }
  const more = inputs.length > MOST || left.length > 0;
  return { inputs: inputs.sort().slice(0, MOST), more, ...nightliesOf(nightlies) };
}

function nightliesOf(file: string | undefined): Pick<Startables, 'nightlies' | 'problem'> {
  if (file === undefined) return { nightlies: [] };
  try {
    const nightlies = [...loadNightlies(file).values()];
    return { nightlies: nightlies.map(({ name, description }) => ({ name, ...(description && { description }) })) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // The message would show lines of the file, which may hold values that not every reader of the page may see.
    return {
      nightlies: [],
      problem: 'the file of nightlies has a mistake, which `relval schedule show --file FILE` tells',
    };
  }
}
