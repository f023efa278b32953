/** The result of one attempt to send something. `again`: another attempt may succeed; `after`: not before this many seconds. */
export type Attempt =
  | { ok: true; note?: string | undefined }
  | { ok: false; message: string; again: boolean; after?: number | undefined };

export interface Patience {
  /** Number of attempts. */
  attempts: number;
  /** Seconds one attempt may take. */
  requestSeconds: number;
  /** Seconds before the second attempt; twice as many before each further one. */
  pauseSeconds: number;
  /** By `performance.now()`, ms: no attempt and no pause goes beyond it. */
  deadline: number;
}

export interface Outcome {
  ok: boolean;
  attempts: number;
  /** The error, or the note of a receiver that accepted the message. */
  message?: string | undefined;
}

/** A configuration error that another attempt would not change. */
export class CannotSend extends Error {
  override name = 'CannotSend';
}

/** Tries until it succeeds, cannot succeed, or has used up its patience. Never throws. */
export async function tryOften(
  attempt: (signal: AbortSignal) => Promise<Attempt>,
  patience: Patience,
): Promise<Outcome> {
  for (let tried = 1; ; tried++) {
    const left = patience.deadline - performance.now();
    if (left <= 0) return { ok: false, attempts: tried - 1, message: 'there was no time left' };
    const result = await once(attempt, Math.min(left, patience.requestSeconds * 1000));
    if (result.ok) return { ok: true, attempts: tried, message: result.note };
    const pause = pauseAfter(tried, result, patience, Math.random());
    const remaining = (patience.deadline - performance.now()) / 1000;
    if (!result.again || tried >= patience.attempts) return { ok: false, attempts: tried, message: result.message };
    if (pause > remaining) {
      const asked = result.after === undefined ? '' : `, and the receiver asks to wait ${result.after} s`;
      return { ok: false, attempts: tried, message: `${result.message}${asked}; there is no time for that` };
    }
    await new Promise((resolve) => setTimeout(resolve, pause * 1000));
  }
}

/** Seconds to wait: doubled each time, at least as long as the receiver asks, and partly random. */
export function pauseAfter(
  tried: number,
  { after = 0 }: { after?: number | undefined },
  { pauseSeconds }: Pick<Patience, 'pauseSeconds'>,
  random: number,
): number {
  return Math.max(after, pauseSeconds * 2 ** (tried - 1)) * (1 + random / 4);
}

/** An attempt without an end is given up: its signal is aborted, and its result ignored. */
async function once(attempt: (signal: AbortSignal) => Promise<Attempt>, ms: number): Promise<Attempt> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Attempt>((resolve) => {
    timer = setTimeout(() => {
      resolve({ ok: false, again: true, message: `the receiver did not answer within ${Math.ceil(ms / 1000)} s` });
      controller.abort();
    }, ms);
  });
  try {
    return await Promise.race([attempt(controller.signal), late]);
  } catch (error) {
    return { ok: false, again: isWorthAnother(error), message: describe(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** A certificate that is not trusted now will not be trusted in a second; other connection errors may pass. */
function isWorthAnother(error: unknown): boolean {
  return !(error instanceof CannotSend) && !/CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ALTNAME/.test(describe(error));
}

/** Message and code of an error, or of the first of several. */
export function describe(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
