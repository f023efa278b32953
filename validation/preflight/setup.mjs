// Sets up a checkout: npm packages, Debian packages, the build. Plain JavaScript, because it runs before anything is installed.
// Usage: node validation/preflight/setup.mjs [demo|test|e2e|containers|htcondor|package]
//   demo   what a run needs (default); test, e2e, containers, htcondor   also what those tests need
//   package   no Debian packages, and a build from nothing: what an older build has left must not get into a package
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const OLDEST_NODE = [20, 19];

/** @param {string} message what is wrong and what to do @returns {never} */
function stop(message) {
  console.error(`setup: ${message}`);
  process.exit(2);
}

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env });
  if (error || status !== 0)
    stop(`\`${[command, ...args].join(' ')}\` failed${error ? `: ${error.message}` : ` (exit ${status})`}`);
}

/** @param {string} command @returns {boolean} whether it stands in $PATH */
function inPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [wantMajor = 0, wantMinor = 0] = OLDEST_NODE;
  if (major < wantMajor || (major === wantMajor && minor < wantMinor)) {
    stop(`Node.js ${OLDEST_NODE.join('.')} or later is needed, this is ${process.versions.node}`);
  }
}

/** `npm ci`, unless node_modules was made from this very lock file. */
function npmPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const stamp = join(ROOT, 'node_modules', '.made-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('setup: installing the npm packages of package-lock.json (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(stamp, lock);
}

/**
 * Packages that are missing. One that says `after` is looked for once that other package is there: only then is it known
 * whether its command came with it.
 * @param {string} purpose one of the lists that packages.json sorts packages into
 * @returns {{package: string, why: string}[]}
 */
function missingPackages(purpose) {
  /** @type {{package: string, command?: string, file?: string, after?: string, why: string, for: string[]}[]} */
  const all = JSON.parse(readFileSync(join(ROOT, 'validation', 'preflight', 'packages.json'), 'utf8'));
  const missing = all.filter(
    (entry) => entry.for.includes(purpose) && !(entry.command ? inPath(entry.command) : existsSync(entry.file ?? '')),
  );
  return missing.filter(({ after }) => !missing.some((other) => other.package === after));
}

/** @param {{package: string, why: string}[]} missing */
function installPackages(missing) {
  const names = missing.map((entry) => entry.package);
  console.log('setup: these Debian packages are missing:');
  for (const entry of missing) console.log(`  ${entry.package.padEnd(22)} ${entry.why}`);

  const asRoot = process.getuid?.() === 0;
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...names];
  const byHand = `${asRoot ? '' : 'sudo '}${install.join(' ')}`;
  if (!inPath('apt-get')) stop('there is no apt-get here: install their like with the package manager of this system');
  if (!asRoot && !inPath('sudo')) stop(`neither root nor sudo here; as root run\n  ${install.join(' ')}`);
  console.log(`setup: installing them: ${byHand}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  /** @param {string[]} words */
  const privileged = (words) => {
    const [command = '', ...args] = asRoot ? words : ['sudo', 'DEBIAN_FRONTEND=noninteractive', ...words];
    run(command, args, env);
  };
  privileged(['apt-get', '-qq', 'update']);
  privileged(['apt-get', '-qq', '-o', 'Dpkg::Use-Pty=0', ...install.slice(1)]);
}

/** @param {string} purpose one of the lists that packages.json sorts packages into */
function debianPackages(purpose) {
  /** @type {Set<string>} */
  const installed = new Set();
  for (let missing = missingPackages(purpose); missing.length > 0; missing = missingPackages(purpose)) {
    const again = missing.find((entry) => installed.has(entry.package));
    if (again) stop(`${again.package} is installed, and what is needed of it is still not there: ${again.why}`);
    installPackages(missing);
    for (const entry of missing) installed.add(entry.package);
  }
}

checkNode();
npmPackages();
const purpose = process.argv[2] ?? 'demo';
if (purpose === 'package') rmSync(join(ROOT, 'dist'), { recursive: true, force: true });
else debianPackages(purpose === 'demo' ? 'run' : purpose);
run('npm', ['run', '--silent', 'build']);
