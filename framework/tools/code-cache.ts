import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { forgetOldest, isOwnDirectory, makeOwnDirectory, readOwn, writeOwn } from './own-cache.ts';

/** The largest number of builds whose compiled code is kept. Each has about 1 MB. */
const MOST_KEPT = 4;

/** Since Node.js 22.1. */
const { enableCompileCache } = nodeModule as { enableCompileCache?: (directory: string) => unknown };

/** What Node.js puts around the text of a CommonJS module. */
const [HEAD, TAIL] = ['(function (exports, require, module, __filename, __dirname) { ', '\n})'];

/**
 * Keeps the code that V8 makes of this build's files, so that the next process need not compile them again. Call it before most of
 * the build is loaded. Without a directory in which only this user can write, nothing is kept. The variable
 * NODE_DISABLE_COMPILE_CACHE=1 switches it off, as it does in Node.js itself.
 * @param cachesOf gives the program's directory of caches, unless the user has no home
 * @param start URL of a file of the build. It names the files that it loads, and their names contain hashes of their contents, so
 * its text belongs to one build only.
 */
export function keepCode(cachesOf: () => string, start: string): void {
  if (process.env.NODE_DISABLE_COMPILE_CACHE === '1') return;
  const caches = orNone(cachesOf);
  if (caches === undefined) return;
  const build = createHash('sha256')
    .update(readFileSync(fileURLToPath(start)))
    .digest('hex')
    .slice(0, 16);
  const place = join(caches, `code-${build}`);
  if (!isReady(caches, place)) return;
  if (enableCompileCache) enableCompileCache(place);
  else keepCodeOnNode20(join(place, `${process.version}-${process.arch}`));
}

function orNone(directory: () => string): string | undefined {
  try {
    return directory();
  } catch {
    return undefined;
  }
}

/** Makes the directory of a build if it does not exist. @returns whether only this user can write there */
function isReady(caches: string, place: string): boolean {
  try {
    if (!existsSync(place)) {
      makeOwnDirectory(place);
      forgetOldest(caches, 'code-', MOST_KEPT);
    }
    return isOwnDirectory(caches) && isOwnDirectory(place);
  } catch {
    return false;
  }
}

/** V8 itself checks only its version, its flags, and the length of the text. Damaged code could crash the process. */
const sumOf = (text: string, code: Buffer): Buffer => createHash('sha256').update(text).update(code).digest();

/** The code in a file of the cache: behind the checksum of it and of the text from which it was made. */
function readCode(path: string, text: string): Buffer | undefined {
  const bytes = readOwn(path);
  const code = bytes?.subarray(SUM_SIZE);
  return bytes && code && sumOf(text, code).equals(bytes.subarray(0, SUM_SIZE)) ? code : undefined;
}

/** Bytes of a SHA-256. */
const SUM_SIZE = 32;

/** Loads the `.cjs` files that come next with their code from this directory. What is missing there is written when the process ends. */
function keepCodeOnNode20(directory: string): void {
  const missing: { script: Script; text: string; path: string }[] = [];
  createRequire(import.meta.url).extensions['.cjs'] = (module, filename) => {
    const text = readFileSync(filename, 'utf8');
    const path = join(directory, basename(filename));
    const cachedData = readCode(path, text);
    const columnOffset = -HEAD.length;
    const script = new Script(HEAD + text + TAIL, { filename, columnOffset, ...(cachedData && { cachedData }) });
    // V8 rejects the code of other flags.
    if (!cachedData || script.cachedDataRejected) missing.push({ script, text, path });
    const { exports } = module;
    script.runInThisContext().call(exports, exports, createRequire(filename), module, filename, dirname(filename));
  };
  // Not before: by then V8 has compiled also the functions that were called.
  process.on('exit', () => {
    try {
      for (const { script, text, path } of missing) {
        const code = script.createCachedData();
        writeOwn(path, Buffer.concat([sumOf(text, code), code]));
      }
    } catch {
      // The program has done its work, and its exit status says how.
    }
  });
}
