// A machine of its own for one round: namespaces of processes, networks and mounts. What is left over in there is seen,
// whatever it did to hide (setsid, a cleared environment), and all of it is gone when the round is over.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a round has everything, within its own /tmp. */
export const HOME = '/tmp/world';
export const RUNS = `${HOME}/runs`;
/** Where it has this checkout, which may lie in the machine's /tmp. */
export const CHECKOUT = '/mnt';
const ROOT = join(import.meta.dirname, '..', '..');
/** Of the file system of the runs, when it is not full: bytes, and number of files. It takes only what is used. */
const SPACE = 4 * 2 ** 30;
const INODES = 100_000;

/** How much the clock in there is ahead of the true one, as libfaketime reads it. */
const CLOCK = `${HOME}/clock`;
/** Where the commands are that must be told of that clock, because their environment is not that of who starts them. */
const COMMANDS = `${HOME}/bin`;
/** Only the clock of the calendar is changed, as when a machine's clock is set. $LIB stands for the library directory. */
const FAKE_CLOCK = {
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
  FAKETIME_TIMESTAMP_FILE: CLOCK,
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_RESET: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
};

const USER = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
const NEW = [...USER, '--pid', '--fork', '--kill-child', '--mount-proc', '--mount', '--net'];
/** bash, because the first process of a namespace must take up those whose parents are gone, and bash does. */
const INIT = `
set -e
perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0) && ioctl(S, 0x8914, my $up = pack("a16sx22", "lo", 1)) or die "lo: $!"'
mount --rbind "$1" ${CHECKOUT}
mount -t tmpfs none /tmp
mkdir -p ${RUNS}
mount -t tmpfs -o size=${SPACE},nr_inodes=${INODES} none ${RUNS}
echo ready
set +e
while read -r _; do :; done
`;

/** @returns {string | undefined} why this machine allows no such namespaces */
export function obstacle() {
  const { status, stderr, error } = spawnSync('unshare', [...NEW, '--', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/**
 * @typedef {{ pid: number, parent: number, name: string, command: string }} Process pid: as seen from outside
 * @typedef {{ code: number | null, signal: string | null, stdout: string, stderr: string, seconds: number }} Ended
 */

export class World {
  /** @type {import('node:child_process').ChildProcess} */
  #holder;
  #init = 0;
  /** @type {Set<import('node:child_process').ChildProcess>} */
  #entered = new Set();
  #namespace = '';
  /** @type {NodeJS.ProcessEnv} */
  #clock = {};

  /** @param {import('node:child_process').ChildProcess} holder */
  constructor(holder) {
    this.#holder = holder;
  }

  /** @param {boolean} hasClock a clock of its own, which can be set */
  static async start(hasClock) {
    const holder = spawn('unshare', [...NEW, '--', 'bash', '-c', INIT, 'init', ROOT], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const world = new World(holder);
    await Promise.race([
      once(/** @type {import('node:stream').Readable} */ (holder.stdout), 'data'),
      once(holder, 'exit').then(() => {
        throw new Error('the namespaces of a round did not come up');
      }),
    ]);
    const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'latin1');
    world.#init = Number.parseInt(children, 10);
    world.#namespace = readlinkSync(`/proc/${world.#init}/ns/pid`);
    if (hasClock) world.#makeClock();
    return world;
  }

  #makeClock() {
    this.setClock(0);
    const exports = Object.entries(FAKE_CLOCK).map(([name, value]) => `export ${name}='${value}'\n`);
    const path = process.env.PATH ?? '';
    mkdirSync(this.outside(COMMANDS));
    const worker = `#!/bin/sh\nPATH='${path}'\n${exports.join('')}exec work_queue_worker "$@"\n`;
    writeFileSync(this.outside(`${COMMANDS}/work_queue_worker`), worker, { mode: 0o755 });
    this.#clock = { ...FAKE_CLOCK, PATH: `${COMMANDS}:${path}` };
  }

  /** Sets the clock, which all that runs in there sees at once. @param {number} seconds that it is ahead of the true one */
  setClock(seconds) {
    writeFileSync(this.outside(`${CLOCK}.new`), `${seconds < 0 ? '' : '+'}${seconds}s\n`);
    renameSync(this.outside(`${CLOCK}.new`), this.outside(CLOCK));
  }

  /** Ends all that is in there. */
  async end() {
    this.#holder.stdin?.end();
    this.#holder.kill('SIGKILL');
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) await once(this.#holder, 'exit');
  }

  /** @param {string} path of a file in there; @returns where it is seen from outside */
  outside(path) {
    return `/proc/${this.#init}/root${path}`;
  }

  /** @param {string[]} words */
  #enter(words) {
    const user = USER.length > 0 ? ['--user', '--preserve-credentials'] : [];
    return [...user, '--target', `${this.#init}`, '--pid', '--mount', '--net', '--', ...words];
  }

  /**
   * @param {string[]} words a command
   * @param {NodeJS.ProcessEnv} [env]
   * @returns {{ ended: Promise<Ended>, said: () => string, over: () => boolean }}
   */
  start(words, env = {}) {
    const begun = performance.now();
    const clock = Object.entries(this.#clock).map(([name, value]) => `${name}=${value}`);
    const child = spawn('nsenter', this.#enter(['env', '--chdir', HOME, ...clock, ...words]), {
      env: { PATH: process.env.PATH, HOME, XDG_CONFIG_HOME: HOME, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#entered.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    let over = false;
    /** @type {Promise<Ended>} */
    const ended = new Promise((resolve) => {
      // Not 'close': what it left behind may keep its output open.
      child.once('exit', (code, signal) => {
        over = true;
        this.#entered.delete(child);
        setTimeout(() => {
          resolve({ code, signal, stdout, stderr, seconds: (performance.now() - begun) / 1000 });
          child.stdout.destroy();
          child.stderr.destroy();
        }, 50);
      });
    });
    return { ended, said: () => stdout + stderr, over: () => over };
  }

  /** @param {string[]} words */
  run(...words) {
    return spawnSync('nsenter', this.#enter(words), { encoding: 'utf8' });
  }

  /** Lets a process go on that was stopped: nsenter stops with the one that it waits for. @param {number} pid */
  wake(pid) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It was killed meanwhile.
    }
    for (const child of this.#entered) child.kill('SIGCONT');
  }

  /** All that runs in there, but its first process. @returns {Process[]} */
  processes() {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          if (readlinkSync(`/proc/${name}/ns/pid`) !== this.#namespace) return [];
          const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
          const end = stat.lastIndexOf(')');
          const [state, parent] = stat.slice(end + 2).split(' ');
          if (state === 'Z' || state === 'X' || Number(name) === this.#init) return [];
          const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
          return [{ pid: Number(name), parent: Number(parent), name: stat.slice(stat.indexOf('(') + 1, end), command }];
        } catch {
          return [];
        }
      });
  }

  /** What listens in there, and what is mounted. */
  places() {
    const sockets = ['tcp', 'tcp6', 'udp', 'unix'].flatMap((kind) => {
      const lines = readFileSync(`/proc/${this.#init}/net/${kind}`, 'latin1').trim().split('\n').slice(1);
      return lines.filter((line) => !/^tcp/.test(kind) || / 0A /.test(line)).map((line) => `${kind} ${line.trim()}`);
    });
    return { sockets, mounts: readFileSync(`/proc/${this.#init}/mounts`, 'latin1').trim().split('\n') };
  }

  /** Leaves no room, or no place for another file, where the runs are. @param {'space' | 'inodes'} what */
  fill(what) {
    for (let tries = 0; tries < 20; tries++) {
      const { blocks, bfree, bsize, files, ffree } = statfsSync(this.outside(RUNS));
      // A size of 0 would mean that there is no limit, from then on.
      const used = what === 'space' ? `size=${Math.max(1, blocks - bfree) * bsize}` : `nr_inodes=${files - ffree}`;
      if (this.run('mount', '-o', `remount,${used}`, RUNS).status === 0) return;
    }
    throw new Error('the file system of the runs cannot be filled');
  }

  free() {
    const { status, stderr } = this.run('mount', '-o', `remount,size=${SPACE},nr_inodes=${INODES}`, RUNS);
    if (status !== 0) throw new Error(`the file system of the runs cannot be freed: ${stderr}`);
  }

  /** @param {string} directory to which everything is copied, for who looks for the cause */
  keep(directory) {
    spawnSync('cp', ['-a', this.outside(HOME), directory]);
  }

  /** @param {string} path @returns {string[]} all that is below it, directories too */
  list(path) {
    try {
      return readdirSync(this.outside(path), { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
    } catch {
      return [];
    }
  }
}
