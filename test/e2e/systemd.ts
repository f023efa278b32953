import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './relval.ts';

const UNITS = '/lib/systemd/system';
/** Where systemd 252 keeps track of processes, on a machine that has the hierarchies of cgroup version 1. */
const CGROUPS = '/sys/fs/cgroup/systemd';
/** What a timer and a service are told to wait for; here none of them starts anything. */
const TARGETS = ['sysinit', 'basic', 'timers', 'shutdown', 'network-online', 'multi-user'];

/** Whether a systemd can be PID 1 of namespaces of its own. */
export const canBoot =
  existsSync(join(CGROUPS, 'cgroup.procs')) &&
  existsSync('/lib/systemd/systemd') &&
  spawnSync('unshare', ['-m', '-p', '-C', '--fork', 'mount', ...mountOf('/mnt')]).status === 0;

function mountOf(place: string): string[] {
  return ['-t', 'cgroup', '-o', 'none,name=systemd', 'cgroup', place];
}

/**
 * A systemd as PID 1 of namespaces of its own, on this machine's files. It has its own `/etc/systemd`, and none of the
 * machine's units: only the targets that others wait for.
 */
export class Systemd {
  readonly #dir: string;
  readonly #cgroup = join(CGROUPS, `relval-test-${process.pid}`);
  #outer: ChildProcess | undefined;

  /** @param dir an existing directory without blanks, for what it needs */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws Error with what it has said when it does not come up */
  async start(): Promise<void> {
    const [units, etc, none] = ['units', 'etc', 'none'].map((name) => join(this.#dir, name)) as [
      string,
      string,
      string,
    ];
    for (const directory of [units, etc, none, this.#cgroup]) mkdirSync(directory);
    for (const target of TARGETS) writeFileSync(join(units, `${target}.target`), '[Unit]\nDefaultDependencies=no\n');
    writeFileSync(join(units, 'default.target'), '[Unit]\nDefaultDependencies=no\nWants=timers.target\n');
    const boot = [
      'set -e',
      `mount --bind ${units} ${UNITS}`,
      `mount --bind ${etc} /etc/systemd`,
      `mount --bind ${none} /lib/systemd/system-generators`,
      'mount -t tmpfs tmpfs /run',
      'mount -t tmpfs tmpfs /sys/fs/cgroup',
      `mkdir ${CGROUPS}`,
      `mount ${mountOf(CGROUPS).join(' ')}`,
      'mount -t proc proc /proc',
      'exec env container=other /lib/systemd/systemd --system --log-target=console --show-status=no',
    ];
    const enter = `echo $$ >${this.#cgroup}/cgroup.procs; exec unshare -m -p -C --fork --kill-child bash -c "$1"`;
    const child = spawn('bash', ['-c', enter, 'bash', boot.join('\n')], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#outer = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        said += chunk;
      });
    }
    await until('systemd to come up', 60, () => {
      if (child.exitCode !== null) throw new Error(`systemd has ended: ${said}`);
      return this.run('systemctl', 'is-active', 'timers.target').stdout.trim() === 'active' || undefined;
    });
  }

  /** Runs a command beside it. */
  run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
    const inside = spawnSync('pgrep', ['-P', String(this.#outer?.pid)], { encoding: 'utf8' }).stdout.trim();
    if (inside === '') return { status: null, stdout: '', stderr: 'it has not started' };
    return spawnSync('nsenter', ['-t', inside, '-m', '-p', '-C', '-r', '-w', ...words], { encoding: 'utf8' });
  }

  /** Ends it with all that it has started. */
  async stop(): Promise<void> {
    const child = this.#outer;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      // unshare(1) lets no other signal through; PID 1 dies with it, and all else with PID 1.
      child.kill('SIGKILL');
      await ended;
    }
    await until('its processes to end', 20, () => removeGroup(this.#cgroup) || undefined);
  }
}

function removeGroup(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) removeGroup(join(path, entry.name));
    }
    rmdirSync(path);
    return true;
  } catch {
    return !existsSync(path);
  }
}
