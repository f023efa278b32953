import { z } from 'zod';
import { bounded, TooSlow } from '../input/bounded.ts';

/** A regular expression as text, compiled once. It is matched against one line, cut to some thousand characters. */
export const expressionSchema = z.string().transform((text, context) => {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

const globs = z.array(z.string().min(1)).min(1).optional();

/** Globs (`*`, `?`) of stages and of files, by path or base name. Absent: all. */
export const scopeSchema = z.object({ stages: globs, files: globs });

export const exceptionSchema = z
  .strictObject({
    ...scopeSchema.shape,
    contains: z.string().min(1).optional(),
    matches: expressionSchema.optional(),
    reason: z.string().min(1),
    owner: z.string().min(1),
    until: z.iso.date('must be a day such as 2030-01-31').optional(),
  })
  .refine((e) => e.contains ?? e.matches ?? e.stages ?? e.files, 'needs contains, matches, stages or files');

/** An exception excuses a finding if all its conditions match. */
export type Exception = z.infer<typeof exceptionSchema>;

const DAY_MS = 86_400_000;

/** Whether an exception is still valid at `now` (ms since 1970). It is valid through the whole of its last day, UTC. */
export function holds({ until }: Exception, now: number): boolean {
  return until === undefined || now < Date.parse(until) + DAY_MS;
}

/** Whether the text conditions of an exception match a line or a message. Stage and file are not examined here. */
export function excuses({ contains, matches }: Exception, text: string): boolean {
  return (contains === undefined || containsWhole(text, contains)) && (matches?.test(text) ?? true);
}

/** Whether a text contains another one without cutting a number at its ends: `status 139` does not contain `status 1`. */
function containsWhole(text: string, wanted: string): boolean {
  const begins = /^\d/.test(wanted);
  const ends = /\d$/.test(wanted);
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const isCut = (begins && /\d/.test(text[at - 1] ?? '')) || (ends && /\d/.test(text[at + wanted.length] ?? ''));
    if (!isCut) return true;
  }
  return false;
}

/** Expressions that took too long. */
const slow = new WeakSet<RegExp>();

/**
 * The first expression that matches; undefined if none does. An expression that takes too long is not used again, so that it
 * costs its time only once.
 */
export function firstMatching(expressions: readonly RegExp[], text: string): RegExp | undefined {
  if (expressions.length === 0) return undefined;
  let last: RegExp | undefined;
  for (;;) {
    try {
      return bounded(() =>
        expressions.find((one) => {
          last = one;
          return !slow.has(one) && one.test(text);
        }),
      );
    } catch (error) {
      if (!(error instanceof TooSlow) || last === undefined) throw error;
      slow.add(last);
    }
  }
}

/** The text of an exception for a finding: as `known` while it is valid, as `expired` afterwards. */
export function excuse(exception: Exception | undefined, now: number): { known?: string; expired?: string } {
  if (!exception) return {};
  const text = describeException(exception);
  return holds(exception, now) ? { known: text } : { expired: text };
}

/** `reason (owner, until day)` */
export function describeException({ reason, owner, until }: Exception): string {
  return `${reason} (${owner}${until ? `, until ${until}` : ''})`;
}
