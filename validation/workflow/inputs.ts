import { join } from 'node:path';
import { baseName, isXrootd } from '../files/places.ts';
import { isFile, type Position, type Problem } from '../input/input-error.ts';
import { fail } from './errors.ts';
import type { InputFile } from './plan.ts';

/** Collects problems, each place once, so that all missing files are reported together. */
export class Missing {
  private readonly found = new Map<string, Problem>();

  get problems(): Problem[] {
    return [...this.found.values()];
  }

  add(message: string, at: Position): void {
    this.found.set(`${at.source.file}:${at.line}:${at.column}`, { message, at });
  }
}

/** The folders in which local files are searched, in this order, and the files that were missing. */
export interface LocalFiles {
  folders: readonly string[];
  missing: Missing;
}

/** The absolute path of a file (relative path) in the first folder that has it. */
export function findFile(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isFile);
}

/**
 * An input in the form of JDLs: `LF:/path/x` is the local file x, `/abs/path` a path on the worker, `root://…` an XRootD address,
 * anything else a local file. `,unpack` after it asks for unpacking.
 * @param at the position of the entry, for errors
 * @throws {WorkflowError} for an unsupported protocol
 */
export function inputFile(entry: string, local: LocalFiles, at: Position): InputFile {
  const unpack = entry.endsWith(',unpack');
  const place = unpack ? entry.slice(0, -',unpack'.length) : entry;
  const logical = place.startsWith('LF:');
  const name = baseName(place);
  if (name === '') fail(`the input file '${entry}' has no name`, at);
  if (!logical) {
    const storage = storedFile(name, place, unpack);
    if (storage) return storage;
    const [scheme] = /^[A-Za-z][\w+.-]*:/.exec(place) ?? [];
    if (scheme)
      fail(
        `the protocol '${scheme}' of the input file '${entry}' is not supported: expected LF:, root://, a path or a file name`,
        at,
      );
  }
  const wanted = logical ? name : place;
  const source = findFile(wanted, local.folders);
  if (!source) local.missing.add(`there is no input file '${wanted}' in ${local.folders.join(' or ')}`, at);
  return { kind: 'sent', name, unpack, source: source ?? join(local.folders[0] ?? '', wanted) };
}

/** A file that the step reads on the worker: an absolute path or a `root://` address; undefined for anything else. */
export function storedFile(name: string, place: string, unpack: boolean): InputFile | undefined {
  if (isXrootd(place)) return { kind: 'xrootd', name, unpack, url: place };
  if (place.startsWith('/')) return { kind: 'worker', name, unpack, path: place };
  return undefined;
}
