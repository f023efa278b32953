import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** Where makeflow listens in a run on this machine. */
export interface ManagerPort {
  /** On 127.0.0.1. */
  port: number;
  /** The words before makeflow's command line, with which it starts where it must. */
  enter: readonly string[];
  /** Why other machines can connect to makeflow; undefined: they cannot. */
  exposed?: string;
  /** Aborted, with the reason, when makeflow cannot be reached any more. */
  lost: AbortSignal;
  close(): Promise<void>;
}

/** What it means that this machine allows no network namespace. */
export const EXPOSED = 'makeflow of --local listens on all interfaces, and only its password keeps strangers out';

/** How a process enters a new network namespace, and how another one follows it there. */
const NAMESPACE =
  process.getuid?.() === 0
    ? {
        create: ['unshare', '--net', '--'],
        follow: (pid: number) => ['nsenter', `--net=/proc/${pid}/ns/net`, '--'],
      }
    : {
        // Only root may make one of these. Anybody else may who is root of a user namespace of their own.
        create: ['unshare', '--user', '--map-current-user', '--keep-caps', '--net', '--'],
        follow: (pid: number) => [
          ...['nsenter', '--preserve-credentials', `--user=/proc/${pid}/ns/user`, `--net=/proc/${pid}/ns/net`, '--'],
        ],
      };

/**
 * Starts a command when the loopback interface of its new namespace is up. SIOCSIFFLAGS (0x8914) with IFF_UP (1) does
 * what `ip link set lo up` does, but each Debian has perl, and not each has ip.
 */
const UP = [
  ...['sh', '-c'],
  `perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0) && ioctl(S, 0x8914, my $up = pack("a16sx22", "lo", 1)) or die "lo: $!\\n"' && exec "$@"`,
  'sh',
];

/**
 * Finds a port for makeflow. makeflow itself always listens on all interfaces, so it is given a network namespace where
 * loopback is the only interface. A process there, the bridge, connects whoever connects to 127.0.0.1 here.
 * On a machine that allows no such namespace makeflow runs in this one: then the result says why.
 */
export async function openManagerPort(): Promise<ManagerPort> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await startBridge(server, port);
  } catch (error) {
    const exposed = (error as Error).message;
    return { port, enter: [], exposed, lost: new AbortController().signal, close: () => Promise.resolve() };
  } finally {
    server.close();
  }
}

/** Why this machine allows no network namespace of our own; undefined: it does. */
export async function reasonAgainstNamespace(): Promise<string | undefined> {
  const place = await openManagerPort();
  await place.close();
  return place.exposed;
}

/** @throws Error the namespace cannot be had */
async function startBridge(server: Server, port: number): Promise<ManagerPort> {
  const program = createRequire(import.meta.url).resolve('release-validation/validation/runs/local/bridge.mjs');
  const [command = '', ...words] = [...NAMESPACE.create, ...UP];
  const child = spawn(command, [...words, 'setpriv', '--pdeathsig', 'KILL', '--', process.execPath, program], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-1000);
  });
  // What keeps it from running shows by its exit.
  child.send({ port }, server, () => {});
  const ended = new Promise<string>((resolve) => {
    child.once('error', ({ message }) => resolve(message));
    child.once('exit', (code, signal) => resolve(said.trim().split('\n').at(-1) || `ended by ${signal ?? code}`));
  });
  const obstacle = await Promise.race([ended, once(child, 'message').then(() => undefined)]);
  if (obstacle !== undefined) throw new Error(obstacle);

  const lost = new AbortController();
  let closing = false;
  void ended.then((how) => {
    if (!closing) lost.abort(`makeflow cannot be reached any more: its bridge has ended (${how})`);
  });
  const close = async (): Promise<void> => {
    closing = true;
    child.kill('SIGKILL');
    await ended;
  };
  return { port, enter: NAMESPACE.follow(child.pid as number), lost: lost.signal, close };
}
