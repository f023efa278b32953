import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './relval.ts';

/** A real XRootD server on loopback, with a directory of its own; whoever asks may write. */
export class XrootdServer {
  readonly dir = mkdtempSync(join(tmpdir(), 'relval-xrootd-'));
  /** Where its files are on this machine. */
  readonly data = join(this.dir, 'data');
  #port = 0;
  #process: ChildProcess | undefined;

  /** Starts it, or starts it again on the same port. */
  async start(): Promise<void> {
    this.#port ||= await freePort();
    chmodSync(this.dir, 0o755);
    for (const name of ['data', 'admin', 'pid']) {
      mkdirSync(join(this.dir, name), { recursive: true });
      chmodSync(join(this.dir, name), 0o777);
    }
    const config = join(this.dir, 'server.cfg');
    const lines = [
      `xrd.port ${this.#port}`,
      'all.export /',
      `oss.localroot ${this.data}`,
      `all.adminpath ${this.dir}/admin`,
      `all.pidpath ${this.dir}/pid`,
      'xrd.network nodnr',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`);
    // it refuses to run as root
    const user = process.getuid?.() === 0 ? ['-R', 'nobody'] : [];
    this.#process = spawn('xrootd', [...user, '-c', config, '-l', join(this.dir, 'admin', 'log')], { stdio: 'ignore' });
    await until('xrootd to listen', 20, () => listens(this.#port));
  }

  /** `root://HOST:PORT//PATH` */
  url(path: string): string {
    return `root://127.0.0.1:${this.#port}//${path}`;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
