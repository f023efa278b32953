import { lstatSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheDirectory } from '../../files/cache-directory.ts';
import { baseName, isXrootd, placeBelow, splitParameters } from '../../files/places.ts';
import { fetchXrootd, statXrootd } from '../../files/xrootd-fetch.ts';
import { InputError } from '../../input/input-error.ts';
import { type Located, locateFile, tooLarge } from './locate.ts';

/**
 * The address of reference files: a ROOT file, or a directory with the layout of the outputs of a run. It is a path or an
 * XRootD address.
 */
export type Address = string;

/** The names under which an output is searched for among reference files. */
export interface Wanted {
  /** The path of the output below the directory that all outputs of the run have in common. */
  below: string;
  /** Its name in the outputs of its step. */
  name: string;
}

/** The names to search for an output of a step. @param outputDirs the output directories of all steps of the run */
export function wantedOf(name: string, outputDir: string | undefined, outputDirs: readonly string[]): Wanted {
  const common = commonDirectory(outputDirs);
  const inside = outputDir === undefined || common === undefined ? '' : relative(common, outputDir);
  return { below: join(inside, name), name };
}

/**
 * The reference file for an output at an address; undefined if the address does not have it. Another address may have it.
 * @throws {Error} one sentence: why the address cannot be reached
 */
export async function referenceFile(address: Address, wanted: Wanted): Promise<Located | undefined> {
  const names = [...new Set([wanted.below, wanted.name, baseName(wanted.name)])];
  if (!isXrootd(address)) {
    const isDirectory = statSync(address, { throwIfNoEntry: false })?.isDirectory() ?? false;
    if (!isDirectory) return baseName(address) === baseName(wanted.name) ? locateFile(address) : undefined;
    const path = names.map((name) => join(address, name)).find((one) => lstatSync(one, { throwIfNoEntry: false }));
    return path === undefined ? undefined : locateFile(path);
  }
  if (isFileAddress(address)) return baseName(address) === baseName(wanted.name) ? fetched(address) : undefined;
  for (const name of names) {
    const file = await fetched(placeBelow(address, name));
    if (file) return file;
  }
  return undefined;
}

/** Fetches a file from an XRootD address into the cache of this machine; undefined if there is none. @throws {Error} one sentence */
export async function fetched(address: string): Promise<Located | undefined> {
  const remote = await statXrootd(address);
  if (!remote) return undefined;
  const reason = tooLarge(remote.size);
  if (reason !== undefined) return { reason };
  return { path: await fetchXrootd(address, remote, join(cacheDirectory(), 'reference-files')), size: remote.size };
}

/**
 * Checks that paths exist. Addresses of storage servers are not checked: a server that does not answer must not keep a run
 * from starting.
 * @throws {InputError} with every path that does not exist
 */
export function checkAddresses(addresses: readonly Address[]): void {
  const problems = addresses.flatMap((address) => {
    if (isXrootd(address)) return [];
    if (/^\w+:\/\//.test(address)) {
      return [{ message: `--reference-files ${address}: expected a path or an address such as root://HOST//PATH` }];
    }
    const status = statSync(address, { throwIfNoEntry: false });
    if (status?.isFile() || status?.isDirectory()) return [];
    return [
      {
        message: `--reference-files ${address}: ${status ? 'it is neither a file nor a directory' : 'there is no such file or directory'}`,
      },
    ];
  });
  if (problems.length > 0) throw new InputError(problems);
}

/** On a storage server, a name that ends like a ROOT file or an archive counts as a file. */
function isFileAddress(address: string): boolean {
  return /\.(root|zip)$/.test(splitParameters(address).path);
}

/** The deepest directory that contains all of them. */
function commonDirectory([first, ...others]: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  let parts = first.split('/');
  for (const other of others) {
    const these = other.split('/');
    const different = parts.findIndex((part, index) => part !== these[index]);
    if (different >= 0) parts = parts.slice(0, different);
  }
  return parts.join('/') || '/';
}
