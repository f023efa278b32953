import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { baseName, splitParameters, xrootdParts } from './places.ts';

const STAT_PATIENCE_MS = 30_000;
/** A file of 4 GB at 4 MB/s takes 17 minutes. */
const COPY_PATIENCE_MS = 20 * 60_000;
/**
 * Seconds that the XRootD client gives a server to accept a connection, and to answer; its own defaults are two minutes,
 * several times.
 */
const ENVIRONMENT = { XRD_CONNECTIONWINDOW: '5', XRD_CONNECTIONRETRY: '1', XRD_REQUESTTIMEOUT: '60' };

/** A file of a storage server. */
export interface RemoteFile {
  /** Bytes. */
  size: number;
  /** When the server says that it was changed, as the server writes it. */
  changed: string;
}

/**
 * What a storage server knows of a file; undefined where there is no such file, or where it is a directory.
 * @throws {Error} one sentence: the server cannot be asked
 */
export async function statXrootd(address: string): Promise<RemoteFile | undefined> {
  const { server, path, parameters } = xrootdParts(address);
  const result = await run('xrdfs', [server, 'stat', path + parameters], STAT_PATIENCE_MS);
  if ('stdout' in result) {
    const size = Number(/^Size:\s+(\d+)/m.exec(result.stdout)?.[1] ?? Number.NaN);
    const isDirectory = /^Flags:.*\bIsDir\b/m.test(result.stdout);
    if (isDirectory) return undefined;
    if (!Number.isInteger(size)) throw new Error(`${nameOf(address)}: the answer of xrdfs has no size`);
    return { size, changed: /^MTime:\s+(.*)$/m.exec(result.stdout)?.[1]?.trim() ?? '' };
  }
  if (/\[3011\]|no such file/i.test(result.failure)) return undefined;
  throw new Error(`${nameOf(address)} cannot be reached: ${result.failure}`);
}

/**
 * Fetches a file, unless it was fetched before and is still the same on the server.
 * @param directory a cache: see cacheDirectory
 * @returns its path on this machine
 * @throws {Error} one sentence: it cannot be fetched, or did not arrive as a whole
 */
export async function fetchXrootd(address: string, { size, changed }: RemoteFile, directory: string): Promise<string> {
  const own = join(directory, digest(address));
  const version = digest(`${size} ${changed}`);
  const path = join(own, version, baseName(address));
  if (statSync(path, { throwIfNoEntry: false })?.size === size) return path;
  const partial = join(own, `${version}.${process.pid}.partial`);
  // Only this user has the right to read it, as far as we know.
  mkdirSync(own, { recursive: true, mode: 0o700 });
  try {
    // Behind the address nothing is an option, and the path of the copy begins with a slash.
    const result = await run('xrdcp', ['--silent', '--force', address, partial], COPY_PATIENCE_MS);
    if ('failure' in result) throw new Error(`${nameOf(address)} cannot be fetched: ${result.failure}`);
    const arrived = statSync(partial, { throwIfNoEntry: false })?.size ?? 0;
    if (arrived !== size) {
      throw new Error(`${nameOf(address)} did not arrive as a whole: ${arrived} of ${size} bytes`);
    }
    mkdirSync(join(own, version), { recursive: true });
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
  removeOthers(own, version);
  return path;
}

/** Earlier versions of the file. Another process may be fetching it just now: its partial file stays. */
function removeOthers(directory: string, version: string): void {
  for (const name of readdirSync(directory)) {
    if (name !== version && !name.endsWith('.partial')) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

async function run(
  program: string,
  args: string[],
  timeout: number,
): Promise<{ stdout: string } | { failure: string }> {
  try {
    return await promisify(execFile)(program, args, { env: { ...process.env, ...ENVIRONMENT }, timeout });
  } catch (error) {
    const { code, stderr = '', killed } = error as NodeJS.ErrnoException & { stderr?: string; killed?: boolean };
    if (code === 'ENOENT') return { failure: `${program} is not installed here (package xrootd-client)` };
    if (killed) return { failure: `no answer within ${timeout / 1000} s` };
    return { failure: stderr.trim().split('\n').at(-1) || `${program} failed (${code})` };
  }
}

/** The address without its parameters, which may hold a token. */
function nameOf(address: string): string {
  return splitParameters(address).path;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
