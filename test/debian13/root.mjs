// Root file systems of Debian 13, made by mmdebstrap from the Debian source of this machine. Each is made once, below the
// user's cache directory, and no test changes it: see inside.mjs.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const SUITE = 'trixie';

/**
 * Makes a root unless it is there. Another list of packages is another root, and takes the place of the old one.
 * @param {string} name of what the root is for
 * @param {string[]} packages that it has beside those of every Debian
 * @param {string[]} [without] patterns of paths that its packages are installed without
 * @returns {string} its directory
 */
export function debianRoot(name, packages, without = []) {
  const key = createHash('sha256')
    .update([SUITE, ...packages, ...without].join(' '))
    .digest('hex')
    .slice(0, 12);
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'release-validation');
  const made = join(cache, `${name}-${key}`);
  if (existsSync(made)) return made;
  mkdirSync(cache, { recursive: true });
  const unfinished = `${made}.${process.pid}`;
  console.log(`making a root file system of Debian 13 in ${made} (about 400 MB, some minutes, once)`);
  const { status, error } = spawnSync(
    'mmdebstrap',
    [
      '--variant=apt',
      `--mode=${process.getuid?.() === 0 ? 'root' : 'unshare'}`,
      `--include=${packages.join(',')}`,
      ...without.map((path) => `--dpkgopt=path-exclude=${path}`),
      '--aptopt=APT::Install-Recommends "false"',
      SUITE,
      unfinished,
      `deb ${debianSource()} ${SUITE} main`,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  if (error || status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`mmdebstrap failed: ${error?.message ?? `exit ${status}`}`);
  }
  for (const other of readdirSync(cache)) {
    const isOld = other.startsWith(`${name}-`) && /^[0-9a-f]{12}$/.test(other.slice(name.length + 1));
    if (isOld) rmSync(join(cache, other), { recursive: true, force: true });
  }
  renameSync(unfinished, made);
  return made;
}

/** Where this machine gets its own Debian packages from, as apt knows it. */
function debianSource() {
  const fields = ['ORIGIN', 'LABEL', 'COMPONENT', 'REPO_URI'].map((name) => `$(${name})`).join('|');
  const lines = execFileSync('apt-get', ['indextargets', '--format', fields, 'Created-By: Packages'], {
    encoding: 'utf8',
  });
  const source = lines.split('\n').find((line) => line.startsWith('Debian|Debian|main|'));
  if (!source) throw new Error('apt knows no source of Debian packages on this machine: run apt-get update');
  return source.slice('Debian|Debian|main|'.length);
}
