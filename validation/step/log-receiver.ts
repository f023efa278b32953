import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { openFileLimit } from '../../framework/tools/open-files.ts';
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

/** One run of the step script: one attempt of a step on a worker. */
export interface Execution {
  step: string;
  /** Unique; it is `execution` in the step's result.json. */
  id: string;
  host: string;
  /** ms since 1970, by the worker's clock. */
  start: number;
}

export interface ReceiverOptions {
  listen: { host: string; port?: number };
  /** The token of the run's steps, without white space. A client with a wrong token gets no answer. */
  tokenOf(step: string): string;
  /**
   * The directory for the logs of an execution (absolute, created if needed), or why the execution must not run; undefined: it gets no answer,
   * because its step was taken for another execution. After an execution has a directory, this is not called for it again.
   */
  admit(execution: Execution): { directory: string } | { refuse: string } | undefined;
  /** Texts that are replaced by asterisks of the same length, also across chunk borders. */
  masks: Needles;
  /** Bytes of a stream that are kept. A longer stream keeps its first and last halves (a rotating tail), with a line that says how much was left out. */
  limit: number;
  /** Called when logs cannot be written or `admit` throws, once for each step. The receiver continues. */
  onProblem?: (problem: string) => void;
}

export interface LogReceiver {
  readonly port: number;
  /** The execution has ended. Settles when its files are closed and joined. Unknown executions are ignored. */
  finish(executionId: string): Promise<void>;
  /** Ends all connections. The files on disk stay, so that another receiver can continue them. */
  close(): Promise<void>;
}

/** Time that a connection has to send its greeting, and to close after its answer if it carries no stream. */
const PASSING_MS = 10_000;
/** Most connections without a stream. Beyond this number the oldest one is closed. */
const PASSING_LIMIT = 512;
const CONNECTION_LIMIT = 20_000;
/** Read from a connection, masked and written at once where so much has arrived: a third less work than with Node's 64 KiB. */
const READ_BYTES = 256 << 10;
/** Half of the time after which a step gives up a silent connection, with a margin for a busy machine. */
const SIGN_OF_LIFE_MS = 15_000;
/** Time for bytes that are on their way when an execution has ended. Its side has closed the connections by then. */
const LAST_BYTES_MS = 300;

/**
 * Receives what steps print while they run, writes it to `<directory>/stdout.log` and `stderr.log` (see logSegments for streams
 * beyond the limit, arrivalTimes for the times of arrival), and tells steps whether they may run. No input from the network makes it throw.
 * @throws when it cannot listen at the address
 */
export async function startLogReceiver(options: ReceiverOptions): Promise<LogReceiver> {
  const receiver = new Receiver(options);
  await receiver.listen();
  return receiver;
}

type Known = { refuse: string } | Admitted;

interface Admitted {
  step: string;
  /** The secret of the execution: whoever shows it is the execution. */
  secret: string | undefined;
  streams: Record<StreamName, LogStream>;
}

class Receiver implements LogReceiver {
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  /** Executions that were admitted or have ended. Their number is limited by the attempts, not by the network. */
  readonly #executions = new Map<string, Known>();
  readonly #finished = new Map<string, Promise<void>>();
  readonly #problems = new Set<string>();
  /** Connections in order of arrival, each with the function that ends it. */
  readonly #passing = new Map<Socket, NodeJS.Timeout>();
  readonly #passingLimit: number;
  readonly #connections = new Set<Socket>();
  #signs: NodeJS.Timeout | undefined;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#server = createServer({ highWaterMark: READ_BYTES }, (connection) => this.#greet(connection));
    // Half of the files that this process may open stay free for the run itself.
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
      if (end.status === 'rejected') this.#problem(id, `the live logs of ${id} are incomplete: ${end.reason}`);
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
    connection.on('error', () => {}); // `close` follows
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

  /** From now on the connection does not count among those without a stream. */
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
      // The step closes it: until then it can wait at this connection without a process.
      connection.resume().write('go\n');
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

  /** Undefined when the client poses as another execution. Only admitted executions are kept, because anybody can invent others. */
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

  /** Reports once for each subject, because a step tries again every few seconds. */
  #problem(subject: string, problem: string): void {
    if (this.#problems.has(subject)) return;
    this.#problems.add(subject);
    this.#options.onProblem?.(problem);
  }
}
