import { connect, type Socket } from 'node:net';

export interface SessionOptions {
  host: string;
  port: number;
  /** A server that is silent for this many milliseconds counts as lost; also the session's requested timeout. */
  timeoutMs: number;
  /** `user:password` for the digest scheme. */
  auth: string | undefined;
  /** Called when the children of a path that was read have changed, or the path was removed. Read it again. */
  onWatch: () => void;
}

/** An error answer, with ZooKeeper's name where it matters here. */
export class ZooKeeperError extends Error {
  override name = 'ZooKeeperError';
  readonly code: number;

  constructor(code: number, doing: string) {
    super(`${doing}: ZooKeeper error ${code}`);
    this.code = code;
  }
}

/** Codes of ZooKeeper's `KeeperException.Code`. */
export const NO_NODE = -101;
export const NO_AUTH = -102;

/** Operations and reserved request numbers, of ZooKeeper's `ZooDefs.OpCode` and `ClientCnxn`. */
const GET_DATA = 4;
const GET_CHILDREN = 8;
const PING = 11;
const SET_AUTH = 100;
const CLOSE = -11;
const WATCH_XID = -1;
const PING_XID = -2;
const AUTH_XID = -4;

/** ZooKeeper's limit for a packet (`jute.maxbuffer`) is 1 MiB. A packet of more than four times that comes from another program. */
const MAX_PACKET_BYTES = 4 * 1024 * 1024;

interface Pending {
  doing: string;
  resolve: (body: Reader) => void;
  reject: (error: Error) => void;
}

/**
 * A session with one ZooKeeper server, for reading, as long as its connection lasts. A session could move to
 * another connection, but this one owns no nodes, so a new one is as good. It sends a ping every third of the
 * timeout and ends when two thirds pass without an answer.
 */
export class ZooKeeperSession {
  /** Settles with the reason when the session has ended. Never rejects. */
  readonly ended: Promise<Error>;
  readonly #options: SessionOptions;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #waiting: Buffer[] = [];
  #established = false;
  #over: Error | undefined;
  #xid = 0;
  #held = Buffer.alloc(0);
  #lastHeard = performance.now();
  #watch: NodeJS.Timeout;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { host, port, timeoutMs } = options;
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on('connect', () => this.#write(connectRequest(timeoutMs)));
    this.#socket.on('data', (piece) => this.#onData(piece));
    this.ended = new Promise((resolve) => {
      this.#socket.on('error', (error) => this.#end(error));
      this.#socket.on('close', () => {
        this.#end(new Error('the server closed the connection'));
        resolve(this.#over as Error);
      });
    });
    this.#watch = this.#keepAlive(timeoutMs);
  }

  /** The names of a node's children, with a watch on them. @throws ZooKeeperError; the reason of the session's end */
  async children(path: string): Promise<string[]> {
    const body = await this.#request(GET_CHILDREN, `children of ${path}`, [string(path), Buffer.from([1])]);
    return Array.from({ length: body.int() }, () => body.string());
  }

  /** A node's content. @throws ZooKeeperError; the reason of the session's end */
  async data(path: string): Promise<Buffer> {
    const body = await this.#request(GET_DATA, `content of ${path}`, [string(path), Buffer.from([0])]);
    return body.buffer();
  }

  /** Closes the session properly, so that the server need not wait for its timeout. */
  async close(): Promise<void> {
    this.#end(new Error('closed'));
    if (this.#established && this.#socket.writable) this.#socket.end(packet([int(0), int(CLOSE)]));
    else this.#socket.destroy();
    const forced = setTimeout(() => this.#socket.destroy(), 1000);
    await this.ended;
    clearTimeout(forced);
  }

  #request(operation: number, doing: string, body: Buffer[]): Promise<Reader> {
    return new Promise((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      this.#xid += 1;
      this.#pending.set(this.#xid, { doing, resolve, reject });
      const request = packet([int(this.#xid), int(operation), ...body]);
      if (this.#established) this.#write(request);
      else this.#waiting.push(request);
    });
  }

  #write(bytes: Buffer): void {
    if (!this.#over) this.#socket.write(bytes);
  }

  #onData(piece: Buffer): void {
    this.#lastHeard = performance.now();
    this.#held = Buffer.concat([this.#held, piece]);
    try {
      while (!this.#over && this.#held.length >= 4) {
        const length = this.#held.readInt32BE(0);
        if (length < 0 || length > MAX_PACKET_BYTES)
          throw new Error(`it is not a ZooKeeper server: it sent a packet of ${length} bytes`);
        if (this.#held.length < 4 + length) return;
        const body = new Reader(this.#held.subarray(4, 4 + length));
        this.#held = this.#held.subarray(4 + length);
        if (this.#established) this.#onReply(body);
        else this.#onConnected(body);
      }
    } catch (error) {
      this.#end(error as Error);
      this.#socket.destroy();
    }
  }

  #onConnected(body: Reader): void {
    body.int(); // protocol version
    const timeoutMs = body.int();
    if (timeoutMs <= 0) throw new Error('the server refuses a session');
    this.#established = true;
    clearInterval(this.#watch);
    this.#watch = this.#keepAlive(timeoutMs);
    const { auth } = this.#options;
    if (auth !== undefined) {
      this.#write(packet([int(AUTH_XID), int(SET_AUTH), int(0), string('digest'), string(auth)]));
    }
    for (const request of this.#waiting.splice(0)) this.#write(request);
  }

  #onReply(body: Reader): void {
    const xid = body.int();
    body.skip(8); // transaction id
    const code = body.int();
    if (xid === PING_XID) return;
    if (xid === WATCH_XID) {
      this.#options.onWatch();
      return;
    }
    if (xid === AUTH_XID) {
      if (code !== 0) throw new ZooKeeperError(code, 'authentication');
      return;
    }
    const pending = this.#pending.get(xid);
    if (!pending) throw new Error(`the server answers question ${xid}, which was not asked`);
    this.#pending.delete(xid);
    if (code === 0) pending.resolve(body);
    else pending.reject(new ZooKeeperError(code, pending.doing));
  }

  #keepAlive(timeoutMs: number): NodeJS.Timeout {
    return setInterval(() => {
      if (performance.now() - this.#lastHeard > (timeoutMs * 2) / 3) {
        this.#end(new Error(`the server did not answer within ${Math.round((timeoutMs * 2) / 3)} ms`));
        this.#socket.destroy();
      } else if (this.#established) {
        this.#write(packet([int(PING_XID), int(PING)]));
      }
    }, timeoutMs / 3);
  }

  #end(reason: Error): void {
    if (this.#over) return;
    this.#over = reason;
    clearInterval(this.#watch);
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#pending.clear();
  }
}

/** Protocol 0, nothing seen yet, the timeout, no earlier session, its empty password, not content with read-only. */
function connectRequest(timeoutMs: number): Buffer {
  return packet([
    int(0),
    Buffer.alloc(8),
    int(timeoutMs),
    Buffer.alloc(8),
    int(16),
    Buffer.alloc(16),
    Buffer.from([0]),
  ]);
}

function packet(parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([int(bytes.length), bytes]);
}

/** Reads ZooKeeper's "jute" encoding: big-endian integers, and bytes after their length (-1 for none). */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }

  buffer(): Buffer {
    const length = Math.max(0, this.int());
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('a packet of ZooKeeper ends too early');
    const value = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  string(): string {
    return this.buffer().toString('utf8');
  }
}
