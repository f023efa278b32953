import { z } from 'zod';
import { TEST_NAMES } from '../result.ts';
import { STATES } from '../show/states.ts';

const count = z.int().nonnegative();
/** JSON has no infinite numbers. */
const number = z.number().nullable();

const line = z
  .object({
    title: z.string().describe('of the axis'),
    edges: z.array(z.number()).describe('of all bins, or of the first and the last; around the points of a graph'),
    labels: z.array(z.string()).optional().describe('of the bins, where they have names'),
    own: z.array(number),
    ownError: z.array(number).optional().describe('absent: the roots of the contents'),
    reference: z.array(number),
    referenceError: z.array(number).optional(),
    scale: z.number().describe('by this the reference is multiplied in the picture'),
  })
  .describe('one axis: contents and errors of the bins');

const map = z
  .object({
    axes: z.array(z.object({ title: z.string(), low: z.number(), high: z.number(), cells: count })),
    own: z.array(number),
    reference: z.array(number).describe('scaled to the run'),
    pull: z.array(number).describe('difference in standard deviations'),
  })
  .describe('two axes: sums over boxes of bins, x fastest');

const object = z.object({
  name: z.string(),
  title: z.string(),
  state: z.enum(STATES),
  reason: z.string().describe('the sentence that decided'),
  severity: z.enum(['error', 'warning']).optional().describe('of its finding; absent: it has none'),
  age: z
    .enum(['known', 'fixed'])
    .optional()
    .describe('known: it was so in the last good run; fixed: it is as before the last accepted run; absent: new'),
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
  picture: z.union([line, map]).optional().describe('of the worst ones'),
});

const file = z.object({
  step: z.string(),
  stage: z.string(),
  file: z.string(),
  state: z
    .enum(['compatible', 'different', 'not readable', 'not compared'])
    .describe('not compared: there is nothing to compare it with, or it cannot be reached'),
  reason: z.string(),
  references: z.array(z.string()).describe('runs, or addresses'),
  counts: z.record(z.string(), count).describe('objects in each state'),
  objects: z.array(object).describe('those that are not compatible, the worst first'),
  more: count.describe('those of them that are not listed'),
  others: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe('names of objects that are not listed, by state'),
  stored: z
    .object({ offset: count, lengths: z.array(count) })
    .optional()
    .describe('where the file histograms.ndjson beside the report has them, in the order of objects and others: bytes'),
  known: count.default(0).describe('differences that are known'),
  fixed: count.default(0).describe('differences of the last accepted run that are gone'),
});

/** `checks.histograms` in report.json. */
export const detailsSchema = z.object({
  references: z
    .array(z.string())
    .describe(
      'runs that this one was compared with, newest first, or addresses of reference files; none: no reference',
    ),
  files: z.array(file).describe('the worst first'),
});

export type Details = z.infer<typeof detailsSchema>;
export type FileDetails = Details['files'][number];
/** A line of histograms.ndjson. */
export type StoredObject = Pick<ObjectDetails, 'name' | 'title' | 'state' | 'reason' | 'owner' | 'tests' | 'picture'>;
export type ObjectDetails = FileDetails['objects'][number];
