// node test/htcondor/enter.mjs COMMAND [ARGUMENT…]
// Runs a command of this project in a Debian 13 with HTCondor that lasts as long as the command: namespaces of its own
// (processes, mounts, network with nothing but loopback, host name), a root whose changes are dropped, this checkout at
// its path and this Node.js. Whatever the command leaves behind ends with it, and the machine is not changed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './root.mjs';

const CHECKOUT = resolve(import.meta.dirname, '..', '..');
const command = process.argv.slice(2);
if (command.length === 0) {
  console.error('usage: node test/htcondor/enter.mjs COMMAND [ARGUMENT…]');
  process.exit(2);
}

/** Where the layers of the root are put together. Only a mount point: it stays empty outside of the namespaces. */
const scratch = mkdtempSync(join(tmpdir(), 'htcondor-root-'));

// Arguments: the root below, the scratch directory, the checkout, Node.js, then the command.
const SCRIPT = `
set -e
below=$1 scratch=$2 checkout=$3 node=$4; shift 4
hostname cm.test
ip link set lo up
mount -t tmpfs -o mode=755 layers "$scratch"
mkdir "$scratch/changes" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=$below,upperdir=$scratch/changes,workdir=$scratch/work" overlay "$scratch/root"
cd "$scratch/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=1777 tmp tmp
mkdir -p ".$checkout"
mount --bind "$checkout" ".$checkout"
touch usr/local/bin/node
mount --bind "$node" usr/local/bin/node
printf '127.0.0.1 cm.test cm\\n127.0.0.1 localhost\\n' > etc/hosts
# Not chroot: processes in one may make no namespaces of their own.
mkdir before
pivot_root . before
umount -l before
# This shell is process 1, and waits for the processes that the command leaves behind.
exec /bin/sh -c 'cd "$0"; "$@"; exit $?' "$checkout" "$@"
`;

const asRoot = process.getuid?.() === 0;
const child = spawn(
  'unshare',
  [
    ...(asRoot ? [] : ['--user', '--map-root-user', '--map-auto']),
    ...['--fork', '--kill-child', '--pid', '--mount', '--net', '--uts', '--ipc'],
    ...['sh', '-c', SCRIPT, 'enter', root(), scratch, CHECKOUT, process.execPath, ...command],
  ],
  {
    stdio: 'inherit',
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      ...(process.env.TERM && { TERM: process.env.TERM }),
      ...Object.fromEntries(
        ['CI', 'KILLS', 'SEED'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
      ),
    },
  },
);
// unshare takes no SIGTERM while it waits. Its death ends the namespaces, and all that is in them.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill('SIGKILL'));
child.once('exit', (code, signal) => {
  rmSync(scratch, { recursive: true, force: true });
  process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
});
