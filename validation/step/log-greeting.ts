import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * What relval-step.sh says first on a connection to the receiver of live logs: one line of words,
 * `relval-log-1 TOKEN STEP EXECUTION HOST START WHAT…`, where WHAT is
 * - `admit`: may this execution run? Answered by `go` or `refused REASON`.
 * - `stdout` or `stderr`: that stream follows. Answered by `have OFFSET`, the byte of the stream to begin with, or by
 *   `refused REASON`. `have` lines go on coming, so that a connection that is dead is noticed.
 * - `end STDOUT STDERR`: the payload has ended, and its streams have so many bytes. Answered by `ended` when all of them
 *   are here.
 * Who does not know the token gets no answer: it may be a step of another run, which must not take it for a refusal.
 */
export interface Greeting {
  token: string;
  step: string;
  execution: string;
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

/** Longer than any that a step writes: names of hosts and steps are at most 255 bytes. */
export const GREETING_LIMIT = 2048;

const GREETING =
  /^relval-log-1 (\S+) ([A-Za-z0-9-]{1,255}) ([A-Za-z0-9._-]{1,700}) ([A-Za-z0-9._-]{1,255}) (\d{1,15}) (?:(admit)|(stdout|stderr)|end (\d{1,15}) (\d{1,15}))$/;

/** @param line without its line feed; undefined for anything but a greeting */
export function parseGreeting(line: string): Greeting | undefined {
  const words = GREETING.exec(line);
  if (!words) return undefined;
  const [, token = '', step = '', execution = '', host = '', start, admit, name, stdout, stderr] = words;
  const common = { token, step, execution, host, start: Number(start) };
  if (admit) return { ...common, request: { type: 'admit' } };
  if (name) return { ...common, request: { type: 'stream', name: name as StreamName } };
  return { ...common, request: { type: 'end', sizes: { stdout: Number(stdout), stderr: Number(stderr) } } };
}

/** Whether two tokens are the same, in a time that does not tell how far they are. */
export function sameToken(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/** A reason as the rest of one line. */
export function refusal(reason: string): string {
  return `refused ${reason.replace(/\s+/g, ' ').slice(0, 500)}\n`;
}
