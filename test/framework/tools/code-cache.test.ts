import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import nodeModule from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepCode } from '../../../framework/tools/code-cache.ts';

const DIST = join(import.meta.dirname, '..', '..', '..', 'dist');
const CLI = join(DIST, 'validation', 'cli', 'main.js');
const FRAMEWORK = join(DIST, 'framework', 'main.js');
/** Newer versions of Node.js have a cache of their own, whose files they check themselves. */
const isOurs = !('enableCompileCache' in nodeModule);

let dir: string;
let caches: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'code-cache-'));
  caches = join(dir, 'relval');
  mkdirSync(join(dir, 'runs'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function list(env: NodeJS.ProcessEnv = {}): Promise<string> {
  const words = [CLI, 'list', '--runs', join(dir, 'runs')];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, {
    env: { ...process.env, XDG_CACHE_HOME: dir, ...env },
  });
  return stdout + stderr;
}

const right = (): string => `no runs in ${join(dir, 'runs')}\n`;
const place = (): string => join(caches, readdirSync(caches).find((name) => name.startsWith('code-')) as string);
/** Of our own cache: a file for each file of the build. */
const files = (): string[] => {
  const directory = join(place(), `${process.version}-${process.arch}`);
  return readdirSync(directory).map((name) => join(directory, name));
};
/** A file that was written again has another inode. */
const inodes = (): Record<string, number> => Object.fromEntries(files().map((path) => [path, statSync(path).ino]));
const codeOfList = (): string => files().find((path) => basename(path).startsWith('list-')) as string;

describe('the compiled code of the build', () => {
  it('is kept by the first start, also by several at once, and nothing is left unfinished', async () => {
    const answers = await Promise.all([list(), list(), list(), list()]);
    expect(new Set(answers)).toEqual(new Set([right()]));
    expect(statSync(place()).mode & 0o777).toBe(0o700);
    const all = readdirSync(place(), { recursive: true, encoding: 'utf8' });
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('is kept by the framework too', async () => {
    const env = { ...process.env, XDG_CACHE_HOME: dir };
    const help = () => promisify(execFile)(process.execPath, [FRAMEWORK, '--help'], { env });
    const first = await help();
    caches = join(dir, 'mesos-workqueue-framework');
    const before = isOurs ? inodes() : {};
    expect(await help()).toEqual(first);
    if (isOurs) expect(inodes()).toEqual(before);
    expect(readdirSync(place(), { recursive: true }).length).toBeGreaterThan(10);
  });

  it('is kept nowhere if it cannot be written, or if the user switches it off', async () => {
    expect(await list({ NODE_DISABLE_COMPILE_CACHE: '1' })).toBe(right());
    expect(existsSync(caches)).toBe(false);
    writeFileSync(caches, 'no directory');
    expect(await list()).toBe(right());
    expect(readFileSync(caches, 'utf8')).toBe('no directory');
    // Nobody can make a directory there.
    expect(await list({ XDG_CACHE_HOME: '/proc/cache' })).toBe(right());
  });

  it('is kept nowhere if the user has no home directory, or a directory above is that of another user', async () => {
    const nobody = () => {
      throw new Error('no home');
    };
    expect(() => keepCode(nobody, import.meta.url)).not.toThrow();
    const home = join(dir, 'home');
    mkdirSync(home);
    if (process.getuid?.() === 0) chownSync(home, 54_321, 54_321);
    else chmodSync(home, 0o500);
    expect(await list({ XDG_CACHE_HOME: join(home, '.cache') })).toBe(right());
    expect(await list({ XDG_CACHE_HOME: '', HOME: home })).toBe(right());
    expect(readdirSync(home)).toEqual([]);
  });

  it('changes no exit status, whatever is in its place', async () => {
    await list();
    if (!isOurs) return;
    const code = codeOfList();
    rmSync(code);
    // An unfinished file of a killed process, which cannot be removed.
    mkdirSync(`${code}.new`);
    utimesSync(`${code}.new`, 0, 0);
    expect(await list()).toBe(right());
  });

  it('is kept for four builds', async () => {
    for (const n of [1, 2, 3, 4, 5, 6]) mkdirSync(join(caches, `code-${n}`), { recursive: true, mode: 0o700 });
    await list();
    expect(readdirSync(caches)).toHaveLength(4);
    expect(readdirSync(caches, { recursive: true }).length).toBeGreaterThan(10);
  });

  it('is not kept where others can write', async () => {
    mkdirSync(caches);
    chmodSync(caches, 0o777);
    expect(await list()).toBe(right());
    expect(readdirSync(place(), { recursive: true })).toEqual([]);
  });
});

describe.runIf(isOurs)('the compiled code of the build, on Node.js 20', () => {
  it('is used by the second start, which writes nothing', async () => {
    await list();
    const before = inodes();
    expect(Object.keys(before).length).toBeGreaterThan(10);
    expect(await list()).toBe(right());
    expect(inodes()).toEqual(before);
  });

  it('is made again if it is damaged', async () => {
    await list();
    const before = inodes();
    for (const [n, path] of files().entries()) {
      const bytes = readFileSync(path);
      if (n % 3 === 0) truncateSync(path, Math.floor(bytes.length / 2));
      else if (n % 3 === 1) writeFileSync(path, bytes.fill(0, bytes.length - 100));
      else truncateSync(path, 0);
    }
    expect(await list()).toBe(right());
    const after = inodes();
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [path, inode] of Object.entries(after)) expect(inode, path).not.toBe(before[path]);
    await list();
    expect(inodes()).toEqual(after);
  });

  it('is run as it stands there: so it must be the own code of this user', async () => {
    await list();
    plant(codeOfList());
    expect(await list().catch(({ stdout }) => stdout)).toContain('PLANTED');
  });

  it.for([
    ['a file that others can write', () => chmodSync(codeOfList(), 0o602)],
    ['a directory in which others can write', () => chmodSync(dirname(codeOfList()), 0o770)],
    ['the directory of a build, in which others can write', () => chmodSync(place(), 0o777)],
  ] as const)('is not run from %s', async ([, change]) => {
    await list();
    plant(codeOfList());
    change();
    expect(await list()).toBe(right());
  });

  it.runIf(process.getuid?.() === 0).for([
    ['file', codeOfList],
    ['directory', () => dirname(codeOfList())],
    ['directory of caches', () => caches],
  ] as const)('is not run from a %s of another user', async ([, path]) => {
    await list();
    plant(codeOfList());
    chownSync(path(), 65534, 65534);
    expect(await list()).toBe(right());
  });
});

/** Replaces the code of a file of the build by other code, which fits to it as V8 and the checksum see it. */
function plant(path: string): void {
  const text = readFileSync(join(DIST, 'parts', basename(path)), 'utf8');
  const other = 'console.log("PLANTED");'.padEnd(text.length);
  // relval sets it at its start, and V8 takes no code of other flags.
  setFlagsFromString('--interrupt-budget=1000000');
  const script = new Script(`(function (exports, require, module, __filename, __dirname) { ${other}\n})`);
  script.runInThisContext();
  const code = script.createCachedData();
  const sum = createHash('sha256').update(text).update(code).digest();
  writeFileSync(path, Buffer.concat([sum, code]));
}
