import { readFileSync } from 'node:fs';
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
import type { Needles } from './needles.ts';

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
  tokenOf(step: string): string;
  /**
   * Where the logs of an execution go (absolute, made if need be), or why it must not run; undefined: it gets no answer,
   * because its step is taken for another execution. Once it has got its place it is not asked for again.
   */
  admit(execution: Execution): { directory: string } | { refuse: string } | undefined;
  /** Replaced by as many asterisks wherever they stand, also across chunk borders. */
  masks: Needles;
  /** Bytes kept of a stream: beyond, its first and last halves (a rotating tail), with a line that says how much was left out. */
  limit: number;
  /** Logs that cannot be written, an `admit` that throws: said once for each step. The receiver goes on. */
  onProblem?: (problem: string) => void;
}

export interface LogReceiver {
  readonly port: number;
  /** The execution has ended: its files are closed and put together when this settles. Unknown ones are none. */
  finish(executionId: string): Promise<void>;
  /** Ends all connections. Streams stay as they are on disk: another receiver can go on with them. */
  close(): Promise<void>;
}

/** How long a connection may take to say what it is, and to go when it has its answer, unless it brings a stream. */
const PASSING_MS = 10_000;
/** Connections that bring no stream, or none yet: beyond, the oldest goes. */
const PASSING_LIMIT = 512;
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

type Known = { refuse: string } | Admitted;

interface Admitted {
  step: string;
  /** Whoever shows it is the execution. */
  secret: string | undefined;
  streams: Record<StreamName, LogStream>;
}

class Receiver implements LogReceiver {
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  /** Those that were admitted, or have ended: no more than there are attempts, whatever comes over the network. */
  readonly #executions = new Map<string, Known>();
  readonly #finished = new Map<string, Promise<void>>();
  readonly #problems = new Set<string>();
  /** In the order in which they came, with what ends them. */
  readonly #passing = new Map<Socket, NodeJS.Timeout>();
  readonly #passingLimit: number;
  readonly #connections = new Set<Socket>();
  #signs: NodeJS.Timeout | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer({ highWaterMark: READ_BYTES }, (connection) => this.#greet(connection));
    // Half of the files that we may open stay free for the run itself.
    this.#server.maxConnections = Math.min(CONNECTION_LIMIT, Math.ceil(openFileLimit() / 2));
    this.#passingLimit = Math.min(PASSING_LIMIT, Math.ceil(this.#server.maxConnections / 2));
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
    this.#passing.set(
      connection,
      setTimeout(() => connection.destroy(), PASSING_MS),
    );
    const [oldest] = this.#passing.keys();
    if (this.#passing.size > this.#passingLimit) oldest?.destroy();
    connection.on('error', () => {}); // a close follows
    connection.on('close', () => {
      this.#stays(connection);
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
      const greeting = end < 0 || end > GREETING_LIMIT ? undefined : parseGreeting(said.toString('latin1', 0, end));
      if (!greeting || !sameToken(greeting.token, this.#options.tokenOf(greeting.step))) {
        connection.destroy();
        return;
      }
      if (said.length > end + 1) connection.unshift(said.subarray(end + 1));
      this.#answer(connection, greeting).catch((error: Error) => {
        connection.destroy();
        this.#problem(greeting.step, `live logs of ${greeting.step} on ${greeting.host}: ${error.message}`);
      });
    };
    connection.on('readable', read);
  }

  /** It is not one of those that only pass by. */
  #stays(connection: Socket): void {
    clearTimeout(this.#passing.get(connection));
    this.#passing.delete(connection);
  }

  async #answer(connection: Socket, greeting: Greeting): Promise<void> {
    const known = this.#know(greeting);
    if (!known) {
      connection.destroy();
      return;
    }
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
      this.#stays(connection);
      await known.streams[request.name].receive(connection);
      return;
    }
    await Promise.all(STREAMS.map((name) => known.streams[name].complete(request.sizes[name])));
    connection.resume().end('ended\n');
  }

  /** Undefined for one that speaks for another. Only those that are admitted are kept: anybody can make up others. */
  #know({ execution: id, step, secret, host, start }: Greeting): Known | undefined {
    const before = this.#executions.get(id);
    if (before && 'refuse' in before) return before;
    if (before) return before.step === step && sameToken(secret ?? '', before.secret ?? '') ? before : undefined;
    const answer = this.#options.admit({ step, id, host, start });
    if (!answer || 'refuse' in answer) return answer;
    const { masks, limit } = this.#options;
    const stream = (name: StreamName) => new LogStream(join(answer.directory, `${name}.log`), masks, limit);
    const known = { step, secret, streams: { stdout: stream('stdout'), stderr: stream('stderr') } };
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

/** How many files this process may have open. */
function openFileLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1');
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? CONNECTION_LIMIT * 2);
}
