import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zookeeper, { type Client } from 'node-zookeeper-client';
import { fixture } from './fixtures.ts';
import { closeAfterTest, until } from './harness.ts';

/** Debian's package `zookeeper` puts the server's classes here. */
const JARS = '/usr/share/java';
export const installed = existsSync(join(JARS, 'zookeeper.jar'));

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks a server in ZooKeeper's four-letter way. Empty if something else listens there, which says nothing. */
function fourLetters(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connectSocket(port, '127.0.0.1', () => socket.end(word));
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (piece) => {
      text += piece;
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(text));
  });
}

/** A real ZooKeeper server on loopback, with its data in a temporary folder. */
export class RealZooKeeper {
  readonly folder = mkdtempSync(join(tmpdir(), 'zookeeper-'));
  port = 0;
  #process: ChildProcess | undefined;

  /** Starts it; again at the same port. At the first start another test may take the port before it: then at another one. */
  async start(): Promise<void> {
    if (this.port !== 0) return this.#startAt(this.port);
    for (let tries = 1; this.port === 0; tries += 1) {
      const port = await freePort();
      await this.#startAt(port).then(
        () => {
          this.port = port;
        },
        async (error) => {
          await this.kill();
          if (tries === 5) throw error;
        },
      );
    }
  }

  async #startAt(port: number): Promise<void> {
    mkdirSync(join(this.folder, 'data'), { recursive: true });
    const config = join(this.folder, 'zoo.cfg');
    const settings = {
      tickTime: 500,
      dataDir: join(this.folder, 'data'),
      clientPort: port,
      clientPortAddress: '127.0.0.1',
      maxSessionTimeout: 60_000,
      'admin.enableServer': false,
      '4lw.commands.whitelist': 'ruok',
    };
    writeFileSync(
      config,
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    this.#process = spawn('java', ['-Xmx128m', '-cp', `${JARS}/*`, main, config], {
      stdio: 'ignore',
      cwd: this.folder,
    });
    for (let tries = 0; (await fourLetters(port, 'ruok')) !== 'imok'; tries += 1) {
      if (tries > 900 || this.#process.exitCode !== null) throw new Error('ZooKeeper does not start');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (!server || server.exitCode !== null) return;
    await new Promise((resolve) => {
      server.once('exit', resolve);
      server.kill('SIGKILL');
    });
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const { ALL } = zookeeper.Permission;
const OPEN = [new zookeeper.ACL(ALL, new zookeeper.Id('world', 'anyone'))];
export const CREATOR_ONLY = [new zookeeper.ACL(ALL, new zookeeper.Id('auth', ''))];

/** What a Mesos master does in an election: a session of its own, and an ephemeral sequential node in it. */
export class Contender {
  readonly client: Client;
  readonly #connected: Promise<void>;
  #left = false;

  constructor(port: number, auth?: string) {
    this.client = zookeeper.createClient(`127.0.0.1:${port}`, { sessionTimeout: 60_000 });
    if (auth) this.client.addAuthInfo('digest', Buffer.from(auth));
    this.#connected = new Promise((resolve) => this.client.once('connected', resolve));
    this.client.connect();
    closeAfterTest(() => this.leave());
  }

  /** Creates the node, as `json.info_NUMBER`, or under another name, and returns its name. */
  async enter(
    path: string,
    info: Buffer,
    name = 'json.info_',
    acl = OPEN,
    mode = zookeeper.CreateMode.EPHEMERAL_SEQUENTIAL,
  ): Promise<string> {
    await this.#connected;
    await new Promise<void>((resolve, reject) =>
      this.client.mkdirp(path, acl, (error) => (error ? reject(error) : resolve())),
    );
    return new Promise((resolve, reject) =>
      this.client.create(`${path}/${name}`, info, acl, mode, (error, created) =>
        error ? reject(error) : resolve(created.slice(path.length + 1)),
      ),
    );
  }

  /** A node that stays when this contender leaves, as one whose session survives the server. */
  stay(path: string, info: Buffer): Promise<string> {
    return this.enter(path, info, undefined, undefined, zookeeper.CreateMode.PERSISTENT_SEQUENTIAL);
  }

  async remove(node: string): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.client.remove(node, (error) => (error ? reject(error) : resolve())),
    );
  }

  /** Only while it is connected: this client cannot be stopped while it tries to reconnect. */
  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    await until(() => this.client.getState() === zookeeper.State.SYNC_CONNECTED);
    await new Promise<void>((resolve) => {
      this.client.once('disconnected', resolve);
      this.client.close();
    });
  }
}

/** The MasterInfo of a real master's znode, with the port of a test's own. */
export function masterInfo(port: number): Buffer {
  const real = JSON.parse(fixture('zookeeper', 'json.info_0000000001.json').toString());
  return Buffer.from(JSON.stringify({ ...real, port, address: { ...real.address, port } }));
}

/** Passes bytes on to ZooKeeper, or swallows them while the connections stay open. */
export class Relay {
  readonly port: number;
  dribble = false;
  readonly #sockets = new Set<Socket>();
  #muted = false;

  static async listen(target: number): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Relay(server, target);
  }

  private constructor(server: Server, target: number) {
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (near: Socket) => {
      const far = connectSocket({ port: target, host: '127.0.0.1', noDelay: true });
      near.setNoDelay();
      const pass = (from: Socket, to: Socket): void => {
        this.#sockets.add(from);
        from.on('data', (piece) => {
          if (this.#muted) return;
          if (this.dribble) for (const byte of piece) to.write(Buffer.from([byte]));
          else to.write(piece);
        });
        from.on('close', () => to.destroy());
        from.on('error', () => to.destroy());
      };
      pass(near, far);
      pass(far, near);
    });
    closeAfterTest(async () => {
      for (const socket of this.#sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  mute(): void {
    this.#muted = true;
  }

  unmute(): void {
    this.#muted = false;
    for (const socket of this.#sockets) socket.destroy();
  }
}
