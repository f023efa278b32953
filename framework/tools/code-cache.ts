import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { forgetOldest, isOwnDirectory, readOwn, writeOwn } from './own-cache.ts';

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
 * @param caches the program's directory of caches
 * @param start URL of a file of the build. It names the files that it loads, and their names contain hashes of their contents, so
 * its text belongs to one build only.
 */
export function keepCode(caches: string, start: string): void {
  if (process.env.NODE_DISABLE_COMPILE_CACHE === '1') return;
  const build = createHash('sha256')
    .update(readFileSync(fileURLToPath(start)))
    .digest('hex')
    .slice(0, 16);
  const place = join(caches, `code-${build}`);
  if (!isReady(caches, place)) return;
  if (enableCompileCache) enableCompileCache(place);
  else keepCodeOnNode20(join(place, `${process.version}-${process.arch}`));
}

/** Makes the directory of a build if it does not exist. @returns whether only this user can write there */
function isReady(caches: string, place: string): boolean {
  try {
    if (!existsSync(place)) {
      mkdirSync(place, { recursive: true, mode: 0o700 });
      forgetOldest(caches, 'code-', MOST_KEPT);
    }
    return isOwnDirectory(caches) && isOwnDirectory(place);
  } catch {
    return false;
  }
}

/** By the name of a file of the build: where its code lies in the pack, and the checksum of its text and its code. */
type Index = Record<string, [start: number, end: number, sum: string]>;

/** V8 itself checks only its version, its flags, and the length of the text. Damaged code would crash the process. */
const sumOf = (text: string, code: Buffer): string => createHash('sha256').update(text).update(code).digest('hex');

/** A file with the code of several files: its first line is the index. */
class Pack {
  readonly #index: Index;
  readonly #codes: Buffer;

  constructor(path: string) {
    const bytes = readOwn(path) ?? Buffer.alloc(0);
    const end = bytes.indexOf('\n');
    this.#codes = bytes.subarray(end + 1);
    this.#index = indexOf(bytes.toString('utf8', 0, Math.max(0, end)));
  }

  /** @param text of the file; the code of another text, or damaged code, is not found */
  find(name: string, text: string): Buffer | undefined {
    const [start, end, sum] = this.#index[name] ?? [];
    const code = this.#codes.subarray(start, end);
    return sum !== undefined && sum === sumOf(text, code) ? code : undefined;
  }

  /** The content of a pack with this code in addition. */
  with(added: ReadonlyMap<string, { sum: string; code: Buffer }>): Buffer {
    const index: Index = {};
    const codes: Buffer[] = [];
    let offset = 0;
    const put = (name: string, sum: string, code: Buffer): void => {
      index[name] = [offset, offset + code.length, sum];
      offset += code.length;
      codes.push(code);
    };
    for (const [name, [start, end, sum]] of Object.entries(this.#index))
      if (!added.has(name)) put(name, sum, this.#codes.subarray(start, end));
    for (const [name, { sum, code }] of added) put(name, sum, code);
    return Buffer.concat([Buffer.from(`${JSON.stringify(index)}\n`), ...codes]);
  }
}

function indexOf(line: string): Index {
  try {
    return JSON.parse(line) as Index;
  } catch {
    return {};
  }
}

/** Loads the `.cjs` files that come next with their code from a pack. At the end of the process, code that was missing is added to it. */
function keepCodeOnNode20(path: string): void {
  const pack = new Pack(path);
  const missing = new Map<string, { script: Script; text: string }>();
  createRequire(import.meta.url).extensions['.cjs'] = (module, filename) => {
    const text = readFileSync(filename, 'utf8');
    const name = basename(filename);
    const cachedData = pack.find(name, text);
    const columnOffset = -HEAD.length;
    const script = new Script(HEAD + text + TAIL, { filename, columnOffset, ...(cachedData && { cachedData }) });
    // V8 rejects the code of other flags.
    if (!cachedData || script.cachedDataRejected) missing.set(name, { script, text });
    const { exports } = module;
    script.runInThisContext().call(exports, exports, createRequire(filename), module, filename, dirname(filename));
  };
  process.on('exit', () => {
    if (missing.size === 0) return;
    const added = [...missing].map(([name, { script, text }]) => {
      const code = script.createCachedData();
      return [name, { code, sum: sumOf(text, code) }] as const;
    });
    // Another process may have added to it meanwhile.
    writeOwn(path, new Pack(path).with(new Map(added)));
  });
}
