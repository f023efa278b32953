import { formatHostPort, type HostPort } from '../net/address.ts';
import { type Conversation, ExchangeError, type ExchangeFailure, exchange } from './exchange.ts';
import { repairJson } from './json-repair.ts';
import { PASSWORD_GREETING, passwordConversation, WrongPasswordError } from './password.ts';
import { type Row, rows } from './records.ts';

/** The questions that a manager answers on its worker port. `queue_status` also contains its project, owner and start. */
export type Question = 'queue_status' | 'task_status' | 'worker_status';

/**
 * Why a manager gave no answer: how the exchange failed (`refused` means that it has ended), or
 * - `garbage`: the program that answers is not a Work Queue manager
 * - `needs password`: it has a password, and none was given
 * - `wrong password`: it has another password than the given one
 */
export type ManagerFailure = ExchangeFailure | 'garbage' | 'needs password' | 'wrong password';

/** A manager that could not be asked. */
export class ManagerError extends Error {
  override name = 'ManagerError';
  readonly failure: ManagerFailure;
  /** The message without the address. */
  readonly what: string;

  constructor(failure: ManagerFailure, peer: HostPort, what: string) {
    super(`${formatHostPort(peer)} ${what}`);
    this.failure = failure;
    this.what = what;
  }
}

export interface AskOptions {
  /** Only for a manager that is known to have a password: any other one drops the connection. */
  password?: Uint8Array;
  /** Time to connect, ms. */
  connectMs: number;
  /** If there is no complete answer after this time, ms, `onSilent` is called once. The question stays open. */
  silentMs: number;
  onSilent: () => void;
  signal?: AbortSignal;
}

export interface ManagerAnswer {
  records: Row[];
  /** Size of the answer in bytes, and how long the manager was sending it, ms: the cost of the question. */
  bytes: number;
  transferMs: number;
}

/** 200 bytes and the command for each task: enough for 100,000 tasks with commands of 400 characters. */
const MAX_STATUS_BYTES = 64 * 1024 * 1024;

/**
 * How long a question stays open, ms. A busy manager (LOCAL steps, long transfers) accepts no connection, but
 * its kernel does: the manager answers the open question as soon as it can, and if its process ends, the kernel resets the
 * connection. So waiting is better than asking again, which would each time leave a dead connection in a listen queue of 5.
 */
const PATIENCE_MS = 30 * 60_000;

/**
 * Asks a manager one question on a new connection. The question is sent at once: a silent connection
 * would block the manager for up to 5 s.
 * @throws ManagerError
 */
export async function askManager(peer: HostPort, question: Question, options: AskOptions): Promise<ManagerAnswer> {
  const { password, connectMs, silentMs, onSilent, signal } = options;
  const talk: Conversation = password
    ? passwordConversation(password, `${question}\n`)
    : { opening: `${question}\n`, take: (chunk) => ({ answer: chunk }) };
  try {
    const { bytes, transferMs } = await exchange(peer, talk, {
      connectMs,
      answerMs: PATIENCE_MS,
      maxBytes: MAX_STATUS_BYTES,
      signal,
      slow: { afterMs: silentMs, call: onSilent },
    });
    if (bytes.length === 0) throw new ManagerError('dropped', peer, 'closes the connection without an answer');
    return { records: parseAnswer(peer, bytes), bytes: bytes.length, transferMs };
  } catch (error) {
    if (error instanceof ExchangeError) throw new ManagerError(error.failure, peer, error.what);
    if (error instanceof WrongPasswordError) throw new ManagerError('wrong password', peer, error.message);
    throw error;
  }
}

function parseAnswer(peer: HostPort, bytes: Buffer): Row[] {
  const json = repairJson(bytes);
  if (json.startsWith(PASSWORD_GREETING)) throw new ManagerError('needs password', peer, 'asks for a password');
  try {
    const answer: unknown = JSON.parse(json);
    if (Array.isArray(answer)) return rows(answer);
  } catch {
    // Reported below, like every other answer that is not a list.
  }
  throw new ManagerError('garbage', peer, `does not answer as a manager does: ${JSON.stringify(json.slice(0, 60))}`);
}
