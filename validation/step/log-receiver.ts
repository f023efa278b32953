import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  GREETING_LIMIT,
  type Greeting,
  parseGreeting,
  refusal,
  STREAMS,
  type StreamName,
  sameToken,
} from './log-greeting.ts';
import { LogStream } from './log-stream.ts';

/** One run of the step script: an attempt of a step on a worker. */
export interface Execution {
  step: string;
  /** Unique; what the step's result.json has as `execution`. */
  id: string;
  host: string;
  /** ms since 1970, by the worker's clock. */
  start: number;
}

export interface ReceiverOptions {
  listen: { host: string; port?: number };
  /** Who does not know it gets no answer. Without white space. */
  token: string;
  /**
   * Where the logs of an execution go (absolute, made if need be), or why it must not run. Called once per execution, by
   * whichever of its connections comes first.
   */
  admit(execution: Execution): { directory: string } | { refuse: string };
  /** Replaced by as many asterisks wherever they stand, also across chunk borders. */
  secrets: readonly string[];
  /** Bytes kept of a stream: beyond, its first and last halves (a rotating tail), with a line that says how much was left out. */
  limit: number;
  /** Logs that cannot be written, an `admit` that throws: said once for each execution. The receiver goes on. */
  onProblem?: (problem: string) => void;
}

export interface LogReceiver {
  readonly port: number;
  /** The execution has ended: its files are closed and put together when this settles. Unknown ones are none. */
  finish(executionId: string): Promise<void>;
  /** Ends all connections. Streams stay as they are on disk: another receiver can go on with them. */
  close(): Promise<void>;
}

/** How long a connection may take to say what it is. */
const GREETING_MS = 10_000;
/** Connections that have said nothing yet: beyond, the oldest goes. */
const SILENT_LIMIT = 512;
const CONNECTION_LIMIT = 20_000;
/** Taken from a connection, masked and written at once, where so much is there: a third less work than with Node's 64 KiB. */
const READ_BYTES = 256 << 10;
/** Half of the time after which a step takes a connection for dead, with room for a busy machine. */
const SIGN_OF_LIFE_MS = 15_000;
/** For what is on its way when an execution has ended: its side has closed the connections by then. */
const LAST_BYTES_MS = 300;

/**
 * Receives what steps print while they run, into `<directory>/stdout.log` and `stderr.log` (see logSegments for streams
 * beyond the limit, arrivalTimes for when they came), and tells steps whether they may run at all. Nothing that comes over the network makes it throw.
 * @throws the address cannot be listened at
 */
export async function startLogReceiver(options: ReceiverOptions): Promise<LogReceiver> {
  const receiver = new Receiver(options);
  await receiver.listen();
  return receiver;
}

type Known = { refuse: string } | { streams: Record<StreamName, LogStream> };

class Receiver implements LogReceiver {
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  readonly #executions = new Map<string, Known>();
  readonly #finished = new Map<string, Promise<void>>();
  readonly #problems = new Set<string>();
  /** In the order in which they came. */
  readonly #silent = new Set<Socket>();
  readonly #connections = new Set<Socket>();
  #signs: NodeJS.Timeout | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer({ highWaterMark: READ_BYTES }, (connection) => this.#greet(connection));
    this.#server.maxConnections = CONNECTION_LIMIT;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    const { host, port = 0 } = this.#options.listen;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port, backlog: 4096 }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#problem('', `live logs: ${error.message}`));
        resolve();
      });
    });
    this.#signs = setInterval(() => {
      for (const known of this.#executions.values()) {
        if ('streams' in known) for (const name of STREAMS) known.streams[name].tell();
      }
    }, SIGN_OF_LIFE_MS);
    this.#signs.unref();
  }

  finish(executionId: string): Promise<void> {
    const known = this.#executions.get(executionId);
    const ended = this.#finished.get(executionId) ?? this.#close(executionId, known, true);
    this.#finished.set(executionId, ended);
    this.#executions.set(executionId, { refuse: 'this execution has ended' });
    return ended;
  }

  async close(): Promise<void> {
    clearInterval(this.#signs);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    const ends = [...this.#executions].map(([id, known]) => this.#close(id, known, false));
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([closed, ...ends, ...this.#finished.values()]);
  }

  async #close(id: string, known: Known | undefined, over: boolean): Promise<void> {
    if (!known || 'refuse' in known) return;
    for (const end of await Promise.allSettled(
      STREAMS.map((name) => known.streams[name].close(over ? LAST_BYTES_MS : 0, over)),
    )) {
      if (end.status === 'rejected') this.#problem(id, `the live logs of ${id} are cut off: ${end.reason}`);
    }
  }

  #greet(connection: Socket): void {
    this.#connections.add(connection);
    this.#silent.add(connection);
    const [oldest] = this.#silent;
    if (this.#silent.size > SILENT_LIMIT) oldest?.destroy();
    const timer = setTimeout(() => connection.destroy(), GREETING_MS);
    connection.on('error', () => {}); // a close follows
    connection.on('close', () => {
      clearTimeout(timer);
      this.#silent.delete(connection);
      this.#connections.delete(connection);
    });
    connection.setKeepAlive(true, 60_000);
    connection.setNoDelay(true);
    let said = Buffer.alloc(0);
    const read = (): void => {
      const chunk: Buffer | null = connection.read();
      if (!chunk) return;
      said = Buffer.concat([said, chunk]);
      const end = said.indexOf('\n');
      if (end < 0 && said.length <= GREETING_LIMIT) return;
      connection.off('readable', read);
      clearTimeout(timer);
      this.#silent.delete(connection);
      const greeting = end < 0 || end > GREETING_LIMIT ? undefined : parseGreeting(said.toString('latin1', 0, end));
      if (!greeting || !sameToken(greeting.token, this.#options.token)) {
        connection.destroy();
        return;
      }
      if (said.length > end + 1) connection.unshift(said.subarray(end + 1));
      this.#answer(connection, greeting).catch((error: Error) => {
        connection.destroy();
        this.#problem(greeting.execution, `live logs of ${greeting.step} on ${greeting.host}: ${error.message}`);
      });
    };
    connection.on('readable', read);
  }

  async #answer(connection: Socket, greeting: Greeting): Promise<void> {
    const known = this.#know(greeting);
    if ('refuse' in known) {
      connection.resume().end(refusal(known.refuse));
      return;
    }
    const { request } = greeting;
    if (request.type === 'admit') {
      connection.resume().end('go\n');
      return;
    }
    if (request.type === 'stream') {
      await known.streams[request.name].receive(connection);
      return;
    }
    await Promise.all(STREAMS.map((name) => known.streams[name].complete(request.sizes[name])));
    connection.resume().end('ended\n');
  }

  #know({ execution: id, step, host, start }: Greeting): Known {
    const before = this.#executions.get(id);
    if (before) return before;
    const answer = this.#options.admit({ step, id, host, start });
    const { secrets, limit } = this.#options;
    const stream = (directory: string, name: StreamName) =>
      new LogStream(join(directory, `${name}.log`), secrets, limit);
    const known: Known =
      'refuse' in answer
        ? answer
        : { streams: { stdout: stream(answer.directory, 'stdout'), stderr: stream(answer.directory, 'stderr') } };
    this.#executions.set(id, known);
    return known;
  }

  /** Once for each subject: a step tries again every few seconds. */
  #problem(subject: string, problem: string): void {
    if (this.#problems.has(subject)) return;
    this.#problems.add(subject);
    this.#options.onProblem?.(problem);
  }
}
