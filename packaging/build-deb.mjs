// Builds a Debian package of both commands: the files of the npm package, systemd units, settings, manual pages, completion.
// Usage: node packaging/build-deb.mjs [DIRECTORY]     default: the current one
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..');
const NAME = 'release-validation';
const LIB = `usr/lib/${NAME}`;
const DOC = `usr/share/doc/${NAME}`;
const { version, description } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const target = resolve(process.argv[2] ?? '.');
const work = mkdtempSync(join(tmpdir(), 'relval-deb-'));
const tree = join(work, 'tree');

try {
  // Modes of what is made here are those of the package.
  process.umask(0o022);
  layOut();
  const archive = join(target, `${NAME}_${version}_all.deb`);
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, archive]);
  console.log(archive);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function layOut() {
  run('npm', ['pack', '--loglevel=error', '--pack-destination', work]);
  const packed = readdirSync(work).find((name) => name.endsWith('.tgz')) ?? '';
  mkdirSync(join(tree, LIB), { recursive: true });
  run('tar', ['-xzf', join(work, packed), '--strip-components=1', '-C', join(tree, LIB)]);
  cpSync(join(ROOT, 'packaging', 'deb'), tree, { recursive: true });
  const commands = { relval: 'dist/validation/cli/main.js', 'mesos-workqueue-framework': 'dist/framework/main.js' };
  for (const [name, path] of Object.entries(commands)) {
    link(`usr/bin/${name}`, `../lib/${NAME}/${path}`);
    write(
      `usr/share/man/man1/${name}.1.gz`,
      gzipSync(readFileSync(join(tree, LIB, 'dist', 'man', `${name}.1`)), { level: 9 }),
    );
  }
  rmSync(join(tree, LIB, 'dist', 'man'), { recursive: true });
  for (const [shell, file] of Object.entries({
    bash: 'usr/share/bash-completion/completions/relval',
    zsh: 'usr/share/zsh/vendor-completions/_relval',
    fish: 'usr/share/fish/vendor_completions.d/relval.fish',
  }))
    write(file, run(process.execPath, [join(tree, LIB, commands.relval), 'completion', shell]));
  write(`${DOC}/copyright`, copyright());
  write(`${DOC}/changelog.gz`, gzipSync(readFileSync(join(ROOT, 'CHANGELOG.md')), { level: 9 }));
  link(`${DOC}/docs`, `../../../lib/${NAME}/docs`);
  write('DEBIAN/control', control());
  write('DEBIAN/conffiles', '/etc/default/mesos-workqueue-framework\n/etc/relval/relval.yaml\n');
}

/** Debian Policy, chapter 5. Which programs a run needs stands in packages.json, for whoever sets up a machine. */
function control() {
  /** @type {{package: string, for: string[]}[]} */
  const packages = JSON.parse(readFileSync(join(ROOT, 'validation', 'preflight', 'packages.json'), 'utf8'));
  const needed = packages.filter((one) => one.for.includes('run'));
  const [size = '0'] = run('du', ['-sk', tree]).split('\t');
  return `${[
    `Package: ${NAME}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: release-validation maintainers <root@localhost>',
    `Installed-Size: ${size}`,
    `Depends: nodejs (>= 20.19), ${needed.map((one) => one.package).join(', ')}`,
    'Section: science',
    'Priority: optional',
    `Description: ${description.split(',')[0]}`,
    ` ${description}.`,
    ' Two commands: relval runs validations on Work Queue, judges and reports them;',
    ' mesos-workqueue-framework launches Work Queue workers from Mesos offers.',
  ].join('\n')}\n`;
}

function copyright() {
  const bundled = readFileSync(join(tree, LIB, 'dist', 'licences.txt'), 'utf8');
  return `release-validation: Apache-2.0, see /usr/share/common-licenses/Apache-2.0\n\nLibraries that are bundled:\n\n${bundled}`;
}

/** @param {string} path within the package @param {string | Uint8Array} content */
function write(path, content) {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), content);
  chmodSync(join(tree, path), 0o644);
}

/** @param {string} path within the package @param {string} to */
function link(path, to) {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  symlinkSync(to, join(tree, path));
}

/** @param {string} command @param {string[]} args @returns {string} what it prints */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${args.join(' ')}: ${error?.message ?? `status ${status}`}\n${stdout ?? ''}${stderr ?? ''}`,
  );
}
