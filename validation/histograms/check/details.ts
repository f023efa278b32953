import { z } from 'zod';
import { STATES, TEST_NAMES } from '../result.ts';

const count = z.int().nonnegative();
/** JSON has no infinite numbers. */
const number = z.number().nullable();

const object = z.object({
  name: z.string(),
  title: z.string(),
  state: z.enum(STATES),
  reason: z.string().describe('the sentence that decided'),
  severity: z.enum(['error', 'warning']).optional().describe('of its finding; absent: it has none'),
  critical: z.boolean(),
  owner: z.string().optional(),
  decided: z.enum(TEST_NAMES).optional().describe('the test that decided'),
  tests: z.array(
    z.object({
      test: z.enum(TEST_NAMES),
      statistic: number,
      ndf: number.optional(),
      p: number,
      size: number,
      spread: number.optional(),
    }),
  ),
  picture: z
    .object({
      unit: z.string(),
      edges: z.array(z.number()),
      own: z.array(number),
      ownError: z.array(number),
      reference: z.array(number),
      referenceError: z.array(number),
    })
    .optional()
    .describe('of the worst ones with one axis: contents and errors of the bins; the reference is scaled to the run'),
});

const file = z.object({
  step: z.string(),
  stage: z.string(),
  file: z.string(),
  state: z
    .enum(['compatible', 'different', 'not readable', 'not compared'])
    .describe('not compared: there is nothing to compare it with, or it cannot be reached'),
  reason: z.string(),
  references: z.array(z.string()).describe('runs'),
  counts: z.record(z.string(), count).describe('objects in each state'),
  objects: z.array(object).describe('those that are not compatible, the worst first'),
  more: count.describe('those of them that are not listed'),
});

/** `checks.histograms` in report.json. */
export const detailsSchema = z.object({
  references: z.array(z.string()).describe('runs that this one was compared with, newest first; none: no reference'),
  files: z.array(file).describe('the worst first'),
});

export type Details = z.infer<typeof detailsSchema>;
export type FileDetails = Details['files'][number];
export type ObjectDetails = FileDetails['objects'][number];
export type Picture = NonNullable<ObjectDetails['picture']>;

/** Objects in each state, of all files. */
export function totalCounts({ files }: Details): [state: string, n: number][] {
  return STATES.map((state): [string, number] => [
    state,
    files.reduce((sum, { counts }) => sum + (counts[state] ?? 0), 0),
  ]).filter(([, n]) => n > 0);
}

/** The objects of all files with their files, the worst first. */
export function worstObjects({ files }: Details): { file: FileDetails; object: ObjectDetails }[] {
  return files
    .flatMap((one) => one.objects.map((own) => ({ file: one, object: own })))
    .sort(
      (a, b) =>
        STATES.indexOf(a.object.state) - STATES.indexOf(b.object.state) ||
        Number(b.object.critical) - Number(a.object.critical),
    );
}

/** `compared with gpmc-1 and 2 more runs`, or that there is no reference. */
export function describeReferences({ references: [first, ...others] }: Details): string {
  if (first === undefined) return 'no reference: no good run before this one has outputs to compare with';
  const more = others.length === 0 ? '' : others.length === 1 ? ' and one more run' : ` and ${others.length} more runs`;
  return `compared with ${first}${more}`;
}
