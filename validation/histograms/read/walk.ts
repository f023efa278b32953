import type { TKey } from 'jsroot/io';
import type { RootFile } from './file.ts';
import type { Place } from './header.ts';
import { Numbering, nameText } from './text.ts';

/** The largest depth of directories. */
const DEEPEST = 50;
/** Classes without histograms, whose objects may be large. */
const SKIPPED = /^(T(Tree|Ntuple|NtupleD|Chain|TreeSQL|Geo\w*)|ROOT::(Experimental::)?RNTuple)$/;
const DIRECTORY = /^TDirectory(File)?$/;

/** A record of the file; or a directory that cannot be read, and why. */
export interface Entry {
  path: string[];
  className: string;
  key: TKey;
  problem?: string;
}

/**
 * Lists all records of a file that may hold histograms, in the file's order and through all directories. It takes the newest
 * cycle of each name, and leaves out trees.
 * @throws {Error} when the list of keys is damaged, or there are more than `most` keys
 */
export async function walk(file: RootFile, most: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  const seen = new Set<number>();
  let keys = 0;

  async function directory(place: Place, path: readonly string[]): Promise<void> {
    if (place.length > 0 && seen.has(place.position)) throw new Error('the directory contains itself');
    if (path.length > DEEPEST) throw new Error(`directories are more than ${DEEPEST} deep`);
    seen.add(place.position);
    const numbering = new Numbering();
    for (const key of newest(file.readKeys(place))) {
      if (++keys > most) throw new TooMany(`it has more than ${most} keys`);
      const entry = { path: [...path, numbering.unique(nameOf(key))], className: nameText(key.fClassName), key };
      if (SKIPPED.test(entry.className)) continue;
      if (!DIRECTORY.test(entry.className)) entries.push(entry);
      else {
        try {
          await directory(await file.readDirectory(key), entry.path);
        } catch (error) {
          if (error instanceof TooMany) throw error;
          entries.push({ ...entry, problem: (error as Error).message });
        }
      }
    }
  }

  await directory(file.keys, []);
  return entries;
}

class TooMany extends Error {}

/** Keeps only the highest cycle of each name: lower cycles are older versions. */
function newest(keys: readonly TKey[]): TKey[] {
  const byName = new Map<string, TKey>();
  for (const key of keys) {
    const name = key.fRealName ?? key.fName;
    const other = byName.get(name);
    if (!other || other.fCycle < key.fCycle) byName.set(name, key);
  }
  return [...byName.values()];
}

function nameOf(key: TKey): string {
  return nameText(key.fRealName ?? key.fName);
}
