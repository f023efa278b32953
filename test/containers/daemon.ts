import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/**
 * A Docker daemon of the tests' own: its data, its socket and its containers' runtime in a directory of its own, without a
 * bridge and without rules in this machine's firewall. Containers have this machine's network, or none.
 */
export class Daemon {
  readonly dir = mkdtempSync(join(tmpdir(), 'relval-docker-'));
  readonly host = `unix://${join(this.dir, 'socket')}`;
  readonly environment = { ...process.env, DOCKER_HOST: this.host, DOCKER_CONFIG: join(this.dir, 'config') };
  #process: ChildProcess | undefined;

  /** @throws Error with the daemon's last words when it does not come up */
  async start(): Promise<void> {
    const log = openSync(join(this.dir, 'log'), 'a');
    const where = ['--data-root', join(this.dir, 'data'), '--exec-root', join(this.dir, 'run')];
    const how = ['-H', this.host, '--pidfile', join(this.dir, 'pid'), '--shutdown-timeout', '5'];
    const network = ['--bridge=none', '--iptables=false', '--ip6tables=false'];
    this.#process = spawn('dockerd', [...where, ...how, ...network], { stdio: ['ignore', log, log] });
    closeSync(log);
    const ended = once(this.#process, 'exit');
    ended.catch(() => undefined);
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(100)) {
      if (spawnSync('docker', ['info'], { env: this.environment }).status === 0) return;
      const isOver = this.#process.exitCode !== null || this.#process.pid === undefined;
      if (!isOver && Date.now() < end) continue;
      const words = readFileSync(join(this.dir, 'log'), 'utf8').split('\n').slice(-10).join('\n');
      throw new Error(`dockerd does not come up:\n${words}`);
    }
  }

  docker(...args: string[]): string {
    return execFileSync('docker', args, { env: this.environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Names of all containers, also of those that have ended. */
  containers(...filters: string[]): string[] {
    const list = this.docker('ps', '--all', '--format', '{{.Names}}', ...filters.flatMap((text) => ['--filter', text]));
    return list.split('\n').filter(Boolean);
  }

  /** Ends the daemon with its containers, and removes its directory with what is mounted below it. */
  async stop(): Promise<void> {
    if (this.#process && this.#process.exitCode === null) {
      const ended = once(this.#process, 'exit');
      for (const name of this.containers()) this.docker('rm', '--force', name);
      this.#process.kill('SIGTERM');
      await ended;
    }
    for (const mount of this.mounts()) spawnSync('umount', [mount]);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }

  /** What is mounted below the daemon's directory, the innermost first. */
  mounts(): string[] {
    const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    return lines
      .map((line) => line.split(' ')[1] ?? '')
      .filter((path) => path.startsWith(`${this.dir}/`))
      .reverse();
  }

  /** Command lines of all processes that name the daemon's directory. */
  processes(): string[] {
    const listing = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' });
    return listing.split('\n').filter((line) => line.includes(this.dir));
  }

  get isGone(): boolean {
    return !existsSync(this.dir) && this.mounts().length === 0 && this.processes().length === 0;
  }
}
