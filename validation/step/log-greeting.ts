import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * The first line that relval-step.sh sends to the receiver of live logs:
 * `relval-log-2 TOKEN STEP EXECUTION SECRET HOST START WHAT…`, where WHAT is
 * - `admit`: may this execution run? The answer is `go` or `refused REASON`.
 * - `stdout` or `stderr`: that stream follows. The answer is `have OFFSET`, the byte of the stream to begin with, or
 *   `refused REASON`. Further `have` lines follow at intervals, so that a dead connection is noticed.
 * - `end STDOUT STDERR`: the payload has ended, and its streams have this many bytes. The answer is `ended` when all of them
 *   have arrived.
 * TOKEN is the step's. A client with a wrong token gets no answer: it may be a step of another run, which must not read the
 * answer as a refusal. The execution makes SECRET itself and shows it to nobody else: the payload of a step can find the
 * step's token, but it cannot pose as an execution that was admitted before.
 *
 * `relval-log-1` is the same without SECRET. Step scripts of earlier versions send it.
 */
export interface Greeting {
  token: string;
  step: string;
  execution: string;
  /** Undefined in `relval-log-1`. */
  secret: string | undefined;
  host: string;
  /** ms since 1970. */
  start: number;
  request:
    | { type: 'admit' }
    | { type: 'stream'; name: StreamName }
    | { type: 'end'; sizes: Record<StreamName, number> };
}

export const STREAMS = ['stdout', 'stderr'] as const;
export type StreamName = (typeof STREAMS)[number];

/** Longer than any line that a step writes: names of hosts and steps have at most 255 bytes. */
export const GREETING_LIMIT = 2048;

const GREETING =
  /^relval-log-([12]) (\S+) ([A-Za-z0-9-]{1,255}) ([A-Za-z0-9._-]{1,700}) (?:([0-9a-f]{32}) )?([A-Za-z0-9._-]{1,255}) (\d{1,15}) (?:(admit)|(stdout|stderr)|end (\d{1,15}) (\d{1,15}))$/;

/** @param line without its line feed; undefined for anything that is not a greeting */
export function parseGreeting(line: string): Greeting | undefined {
  const words = GREETING.exec(line);
  if (!words) return undefined;
  const [, version, token = '', step = '', execution = '', secret, host = '', start, ...what] = words;
  if ((version === '2') !== (secret !== undefined)) return undefined;
  const [admit, name, stdout, stderr] = what;
  const common = { token, step, execution, secret, host, start: Number(start) };
  if (admit) return { ...common, request: { type: 'admit' } };
  if (name) return { ...common, request: { type: 'stream', name: name as StreamName } };
  return { ...common, request: { type: 'end', sizes: { stdout: Number(stdout), stderr: Number(stderr) } } };
}

/** Whether two tokens are equal. The time that it takes does not show how similar they are. */
export function sameToken(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** A reason, as the rest of one line. */
export function refusal(reason: string): string {
  return `refused ${reason.replace(/\s+/g, ' ').slice(0, 500)}\n`;
}
