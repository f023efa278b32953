// Runs a command in a root of Debian 13 that lasts as long as the command: namespaces of its own and a root whose changes are
// dropped. Whatever the command leaves behind ends with it, and the machine is not changed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

// Arguments: the root below, the scratch directory, the host name, pairs of files or directories to show inside with a `--`
// behind them, the working directory, the command.
const SCRIPT = `
set -e
below=$1 scratch=$2 host=$3; shift 3
hostname "$host"
ip link set lo up 2>/dev/null || true
mount -t tmpfs -o mode=755 layers "$scratch"
mkdir "$scratch/changes" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=$below,upperdir=$scratch/changes,workdir=$scratch/work" overlay "$scratch/root"
cd "$scratch/root"
mount -t proc proc proc
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=1777 tmp tmp
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p ".$2"; else mkdir -p "$(dirname ".$2")"; rm -f ".$2"; touch ".$2"; fi
  mount --rbind "$1" ".$2"
  shift 2
done
shift
# Not chroot: processes in one may make no namespaces of their own.
mkdir before
pivot_root . before
umount -l before
# This shell is process 1, and waits for the processes that the command leaves behind.
exec /bin/sh -c 'cd "$0"; "$@"; exit $?' "$@"
`;

/**
 * @typedef {object} Place
 * @property {string} root of a Debian, from `debianRoot`
 * @property {string} host name of the machine inside
 * @property {boolean} alone has a network of its own, with nothing but loopback; else that of this machine
 * @property {[string, string][]} shows files and directories of this machine, and their paths inside
 * @property {Record<string, string>} [environment] beside PATH and HOME
 * @property {string} directory where the command starts
 */

/**
 * Runs a command there. A signal to this process ends it and all that it has started.
 * @param {Place} place
 * @param {string[]} command
 * @returns {Promise<number>} its exit status; 128 + N where signal N ended it
 */
export function runInside({ root, host, alone, shows, environment, directory }, command) {
  /** Where the layers of the root are put together. Only a mount point: it stays empty outside of the namespaces. */
  const scratch = mkdtempSync(join(tmpdir(), 'debian-root-'));
  const child = spawn(
    'unshare',
    [
      ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user', '--map-auto']),
      ...['--fork', '--kill-child', '--pid', '--mount', '--uts', '--ipc'],
      ...(alone ? ['--net'] : []),
      ...['sh', '-c', SCRIPT, 'inside', root, scratch, host, ...shows.flat(), '--', directory, ...command],
    ],
    {
      stdio: 'inherit',
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        ...(process.env.TERM && { TERM: process.env.TERM }),
        ...environment,
      },
    },
  );
  // unshare takes no SIGTERM while it waits. Its death ends the namespaces, and all that is in them.
  const end = () => child.kill('SIGKILL');
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, end);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, end);
      rmSync(scratch, { recursive: true, force: true });
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
