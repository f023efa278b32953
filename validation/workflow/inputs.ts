import { join } from 'node:path';
import { baseName, isXrootd } from '../files/places.ts';
import { isFile, type Position, type Problem } from '../input/input-error.ts';
import { fail } from './errors.ts';
import type { InputFile } from './plan.ts';

/** Problems that are collected, so that all missing files are told at once; each place once. */
export class Missing {
  private readonly found = new Map<string, Problem>();

  get problems(): Problem[] {
    return [...this.found.values()];
  }

  add(message: string, at: Position): void {
    this.found.set(`${at.source.file}:${at.line}:${at.column}`, { message, at });
  }
}

/** Where local files are looked for, first match wins, and what was not there. */
export interface LocalFiles {
  folders: readonly string[];
  missing: Missing;
}

/** The first of the folders that has this file (relative path), as an absolute path. */
export function findFile(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isFile);
}

/**
 * An input as JDLs write it: `LF:/path/x` is the local file x, `/abs/path` a path of the worker, `root://…` an XRootD address,
 * anything else a local file; `,unpack` behind it asks for unpacking.
 * @param at of the entry, for the error
 * @throws {WorkflowError} a protocol that nobody speaks
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
    if (scheme) fail(`the input file '${entry}' is at '${scheme}', expected LF:, root://, a path or a file name`, at);
  }
  const wanted = logical ? name : place;
  const source = findFile(wanted, local.folders);
  if (!source) local.missing.add(`no input file '${wanted}' in ${local.folders.join(' or ')}`, at);
  return { kind: 'sent', name, unpack, source: source ?? join(local.folders[0] ?? '', wanted) };
}

/** A file that is read on the worker: an absolute path or a `root://` address; undefined for anything else. */
export function storedFile(name: string, place: string, unpack: boolean): InputFile | undefined {
  if (isXrootd(place)) return { kind: 'xrootd', name, unpack, url: place };
  if (place.startsWith('/')) return { kind: 'worker', name, unpack, path: place };
  return undefined;
}
