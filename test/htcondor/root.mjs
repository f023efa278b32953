// The root file system that the tests of HTCondor run in: Debian 13 with HTCondor and the tools of Work Queue, made by
// mmdebstrap from the Debian source of this machine. It is made once, below the user's cache directory.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Debian 13. Debian 12 has no HTCondor. */
const SUITE = 'trixie';
const PACKAGES = ['htcondor', 'coop-computing-tools', 'iproute2', 'mount', 'procps', 'zip', 'unzip', 'bzip2', 'curl'];
const WITHOUT = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/locale/*', '/usr/share/info/*'];

/** Another list of packages is another root. */
const KEY = createHash('sha256')
  .update([SUITE, ...PACKAGES, ...WITHOUT].join(' '))
  .digest('hex')
  .slice(0, 12);

/**
 * Makes the root unless it is there.
 * @returns {string} its directory
 */
export function root() {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'release-validation');
  const made = join(cache, `htcondor-${KEY}`);
  if (existsSync(made)) return made;
  mkdirSync(cache, { recursive: true });
  const unfinished = `${made}.${process.pid}`;
  console.log(`making a root file system with HTCondor in ${made} (about 400 MB, some minutes, once)`);
  const { status, error } = spawnSync(
    'mmdebstrap',
    [
      '--variant=apt',
      `--mode=${process.getuid?.() === 0 ? 'root' : 'unshare'}`,
      `--include=${PACKAGES.join(',')}`,
      ...WITHOUT.map((path) => `--dpkgopt=path-exclude=${path}`),
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
  for (const name of readdirSync(cache)) {
    if (/^htcondor-[0-9a-f]{12}$/.test(name)) rmSync(join(cache, name), { recursive: true, force: true });
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
