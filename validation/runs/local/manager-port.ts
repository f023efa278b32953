import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { SHOW_PORTS } from '../../makeflow/free-port.ts';

/** Where makeflow listens in a run on this machine. */
export interface ManagerPort {
  /** Port on 127.0.0.1. */
  port: number;
  /** The command that starts makeflow in its namespace: it stands before makeflow's own command line. */
  enter: readonly string[];
  /** Why other machines can connect to makeflow; undefined: they cannot. */
  exposed?: string;
  /** Aborted, with the reason, when makeflow cannot be reached any more. */
  lost: AbortSignal;
  close(): Promise<void>;
}

/** The consequence when this machine allows no network namespace. */
export const EXPOSED = 'with --local, makeflow listens on all network interfaces, and only its password protects it';

/** What to say where no port is free. */
export const NO_FREE_PORT = `127.0.0.1 has no free TCP port. ${SHOW_PORTS}`;

/** The commands with which a process enters a new network namespace, and with which another process joins it. */
const NAMESPACE =
  process.getuid?.() === 0
    ? {
        create: ['unshare', '--net', '--'],
        follow: (pid: number) => ['nsenter', `--net=/proc/${pid}/ns/net`, '--'],
      }
    : {
        // Only root may create a network namespace. Other users can do it as root of their own user namespace.
        create: ['unshare', '--user', '--map-current-user', '--keep-caps', '--net', '--'],
        follow: (pid: number) => [
          ...['nsenter', '--preserve-credentials', `--user=/proc/${pid}/ns/user`, `--net=/proc/${pid}/ns/net`, '--'],
        ],
      };

/** Such a place while it is being opened. */
export interface OpeningPort {
  /** Known at once. Nobody may connect before it is open: who does may wait for ever. */
  port: number;
  /** Does not reject. */
  opened: Promise<ManagerPort>;
}

/**
 * Finds a port for makeflow. makeflow itself always listens on all interfaces, so it gets a network namespace in which
 * loopback is the only interface. A process in it, the bridge, forwards connections to 127.0.0.1 of this machine.
 * On a machine that allows no such namespace makeflow runs without one, and the result says why.
 * @returns when the process for it has been started; the caller has other work while that opens the namespace
 */
export async function openManagerPort(): Promise<OpeningPort> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const opened = openNamespace(port, server).finally(() => server.close());
  return { port, opened };
}

/** Why this machine allows no network namespace; undefined: it does. */
export async function reasonAgainstNamespace(): Promise<string | undefined> {
  const { opened } = await openManagerPort();
  const place = await opened;
  await place.close();
  return place.exposed;
}

function startBridge(server: Server): ChildProcess {
  const program = createRequire(import.meta.url).resolve('release-validation/validation/runs/local/bridge.pl');
  const [command = '', ...words] = NAMESPACE.create;
  // Node.js has no other way to name the file of a socket.
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
  const stdio = ['pipe', 'pipe', 'pipe', fd] as const;
  return spawn(command, [...words, 'perl', program], { detached: true, env: plainEnvironment(), stdio: [...stdio] });
}

/**
 * The environment without what changes Perl: another library, an option (`-d` waits for a person), a layer for all files, or a
 * locale that is not installed, of which Perl warns.
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PERL|LC_|LANG)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** Starts the bridge, and waits until it is ready, or has failed. Does not reject. */
async function openNamespace(port: number, server: Server): Promise<ManagerPort> {
  const lost = new AbortController();
  const withoutNamespace = (exposed: string): ManagerPort => ({
    port,
    enter: [],
    exposed,
    lost: lost.signal,
    close: () => Promise.resolve(),
  });
  let bridge: ChildProcess;
  try {
    bridge = startBridge(server);
  } catch (error) {
    return withoutNamespace((error as Error).message);
  }
  let said = '';
  bridge.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-1000);
  });
  const ended = new Promise<string>((resolve) => {
    bridge.once('error', ({ message }) => resolve(message));
    bridge.once('exit', (code, signal) => resolve(said.trim().split('\n').at(-1) || `ended by ${signal ?? code}`));
  });
  // A process that cannot be started may have no pipes: then its end is known.
  const ready = new Promise<undefined>((resolve) => bridge.stdout?.once('data', () => resolve(undefined)));
  const exposed = await Promise.race([ended, ready]);
  if (exposed !== undefined) return withoutNamespace(exposed);

  let closing = false;
  void ended.then((how) => {
    if (!closing) lost.abort(`makeflow cannot be reached, because its bridge has ended (${how})`);
  });
  const close = async (): Promise<void> => {
    closing = true;
    bridge.kill('SIGKILL');
    await ended;
  };
  return { port, enter: NAMESPACE.follow(bridge.pid as number), lost: lost.signal, close };
}
