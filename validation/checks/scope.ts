import { z } from 'zod';

/** A regular expression as text; the compiled one is kept. Matches on one line, cut to some thousand characters. */
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

/** What is known and excused: all that it names must fit. */
export type Exception = z.infer<typeof exceptionSchema>;

const DAY_MS = 86_400_000;

/** Whether an exception still holds at `now` (ms since 1970): through the whole of its last day, UTC. */
export function holds({ until }: Exception, now: number): boolean {
  return until === undefined || now < Date.parse(until) + DAY_MS;
}

/** Whether a line, or a message, is one of those that the exception is about; stage and file are not looked at. */
export function excuses({ contains, matches }: Exception, text: string): boolean {
  return (contains === undefined || holdsWhole(text, contains)) && (matches?.test(text) ?? true);
}

/** Whether a text holds another one, whose numbers at its begin and end are whole: `status 1` is not in `status 139`. */
function holdsWhole(text: string, wanted: string): boolean {
  const begins = /^\d/.test(wanted);
  const ends = /\d$/.test(wanted);
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const isCut = (begins && /\d/.test(text[at - 1] ?? '')) || (ends && /\d/.test(text[at + wanted.length] ?? ''));
    if (!isCut) return true;
  }
  return false;
}

/** What an exception says of a finding: why it is `known`, or what has `expired`; nothing where there is none. */
export function excuse(exception: Exception | undefined, now: number): { known?: string; expired?: string } {
  if (!exception) return {};
  const text = describeException(exception);
  return holds(exception, now) ? { known: text } : { expired: text };
}

/** `reason (owner, until day)`, for the finding. */
export function describeException({ reason, owner, until }: Exception): string {
  return `${reason} (${owner}${until ? `, until ${until}` : ''})`;
}
