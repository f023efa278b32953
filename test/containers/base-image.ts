import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Daemon } from './daemon.ts';

/** What relval's scripts and the installation scripts of the images use. */
const SHELL_TOOLS =
  'sh bash awk basename cat chgrp chmod chown comm cp cut date df dirname du echo env expr false find fold getconf grep gzip head hostname id install ls ln ' +
  'mkdir mkfifo mktemp mv nproc nice od paste printf ps pwd readlink rm sed seq setsid sleep sort split stat tail tar tee test timeout touch tr true tsort uname uniq wc which xargs';
const WORKER_TOOLS = `${SHELL_TOOLS} work_queue_worker zip unzip bzip2`;
const SERVICE_TOOLS = `${WORKER_TOOLS} makeflow catalog_server work_queue_status node`;

/**
 * Makes an image without any registry: programs of this machine with the libraries that they are linked with, and
 * nothing else. Stands in for the base image of a Dockerfile.
 */
export function importBase(daemon: Daemon, tag: string, kind: 'worker' | 'service'): void {
  const root = mkdtempSync(join(tmpdir(), 'relval-base-'));
  try {
    for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
      mkdirSync(join(root, 'usr', name), { recursive: true });
      symlinkSync(`usr/${name}`, join(root, name));
    }
    for (const name of ['dev', 'etc', 'mnt', 'proc', 'root', 'sys', 'usr/local/bin', 'var/tmp'])
      mkdirSync(join(root, name), { recursive: true });
    mkdirSync(join(root, 'tmp'));
    execFileSync('chmod', ['1777', join(root, 'tmp'), join(root, 'var', 'tmp')]);
    writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
    writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\n');
    writeFileSync(join(root, 'etc', 'nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
    writeFileSync(join(root, 'etc', 'hosts'), '127.0.0.1 localhost\n');
    const names = (kind === 'worker' ? WORKER_TOOLS : SERVICE_TOOLS).split(' ');
    for (const name of names) addProgram(root, name);
    execFileSync(
      'sh',
      [
        '-c',
        `tar -C "$1" -c . | docker import --change 'ENV PATH=/usr/local/bin:/usr/bin:/bin' - "$2"`,
        'sh',
        root,
        tag,
      ],
      {
        env: daemon.environment,
        stdio: 'pipe',
      },
    );
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function addProgram(root: string, name: string): void {
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`the base image needs ${name}, which is not installed here`);
  const program = realpathSync(found);
  addFile(root, program, join('/usr/bin', name));
  // Scripts have no libraries: ldd says so with a status of its own.
  const { stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  const libraries = [...stdout.matchAll(/\/\S+/g)].map(([path]) => path);
  for (const path of libraries) addFile(root, realpathSync(path), path);
  if (name === 'node') for (const path of [program, ...libraries]) addPartsOfNode(root, path);
}

/** Debian's Node.js has some of its own modules outside of the program. The paths stand in the program or in its library. */
function addPartsOfNode(root: string, file: string): void {
  for (const [path] of readFileSync(file, 'latin1').matchAll(/\/usr\/share\/nodejs\/[\w./-]+\.js/g))
    if (existsSync(path)) addFile(root, realpathSync(path), path);
}

function addFile(root: string, from: string, to: string): void {
  const target = join(root, to);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(from, target);
}
