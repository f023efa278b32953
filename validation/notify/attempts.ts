/** What came of one attempt to send something. `again`: it may be another time; `after`: not before so many seconds. */
export type Attempt =
  | { ok: true; note?: string | undefined }
  | { ok: false; message: string; again: boolean; after?: number | undefined };

export interface Patience {
  /** Times that it is tried. */
  attempts: number;
  /** Seconds one attempt may take. */
  requestSeconds: number;
  /** Seconds before the second attempt; twice as many before each further one. */
  pauseSeconds: number;
  /** ms since 1970: nothing is tried or waited for beyond it. */
  deadline: number;
}

export interface Outcome {
  ok: boolean;
  attempts: number;
  /** What went wrong, or what the receiver said though it took the message. */
  message?: string | undefined;
}

/** Something is wrong on our side that will be so again: it is not tried another time. */
export class CannotSend extends Error {
  override name = 'CannotSend';
}

/** Tries until it is done, cannot be, or patience is at its end. Never throws. */
export async function tryOften(
  attempt: (signal: AbortSignal) => Promise<Attempt>,
  patience: Patience,
): Promise<Outcome> {
  for (let tried = 1; ; tried++) {
    const left = patience.deadline - Date.now();
    if (left <= 0) return { ok: false, attempts: tried - 1, message: 'there was no time left' };
    const result = await once(attempt, Math.min(left, patience.requestSeconds * 1000));
    if (result.ok) return { ok: true, attempts: tried, message: result.note };
    const pause = pauseAfter(tried, result, patience, Math.random());
    const remaining = (patience.deadline - Date.now()) / 1000;
    if (!result.again || tried >= patience.attempts) return { ok: false, attempts: tried, message: result.message };
    if (pause > remaining) {
      const asked = result.after === undefined ? '' : `, asked to wait ${result.after} s`;
      return { ok: false, attempts: tried, message: `${result.message}${asked}; there is no time for that` };
    }
    await new Promise((resolve) => setTimeout(resolve, pause * 1000));
  }
}

/** Seconds to wait: doubled each time, as much as was asked for at least, never for all senders the same. */
export function pauseAfter(
  tried: number,
  { after = 0 }: { after?: number | undefined },
  { pauseSeconds }: Pick<Patience, 'pauseSeconds'>,
  random: number,
): number {
  return Math.max(after, pauseSeconds * 2 ** (tried - 1)) * (1 + random / 4);
}

/** An attempt that does not come to its end is given up: it is told so, and left alone. */
async function once(attempt: (signal: AbortSignal) => Promise<Attempt>, ms: number): Promise<Attempt> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Attempt>((resolve) => {
    timer = setTimeout(() => {
      resolve({ ok: false, again: true, message: `no answer within ${Math.ceil(ms / 1000)} s` });
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

/** A certificate that is not trusted now will not be in a second; other failures of connections may pass. */
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
