import { z } from 'zod';
import { TEST_NAMES } from '../result.ts';
import { STATES } from '../show/states.ts';

const count = z.int().nonnegative();
/** JSON has no infinite numbers. */
const number = z.number().nullable();

const line = z
  .object({
    title: z.string().describe('title of the axis'),
    edges: z
      .array(z.number())
      .describe('edges of all bins, or only the first and the last; for a graph, around its points'),
    labels: z.array(z.string()).optional().describe('names of the bins, if they have names'),
    own: z.array(number),
    ownError: z.array(number).optional().describe('absent: the square roots of the contents'),
    reference: z.array(number),
    referenceError: z.array(number).optional(),
    scale: z.number().describe('the picture multiplies the reference by this factor'),
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
  reason: z.string().describe('the sentence that explains the state'),
  severity: z.enum(['error', 'warning']).optional().describe('severity of its finding; absent: there is no finding'),
  age: z
    .enum(['known', 'fixed'])
    .optional()
    .describe('known: the last good run has the same; fixed: it is as before the last accepted run; absent: new'),
  critical: z.boolean(),
  owner: z.string().optional(),
  decided: z.enum(TEST_NAMES).optional().describe('the test that decided the state'),
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
  picture: z.union([line, map]).optional().describe('only for the worst objects'),
});

const file = z.object({
  step: z.string(),
  stage: z.string(),
  file: z.string(),
  state: z
    .enum(['compatible', 'different', 'not readable', 'not compared'])
    .describe('not compared: it has no reference, or cannot be reached'),
  reason: z.string(),
  references: z.array(z.string()).describe('runs, or addresses'),
  counts: z.record(z.string(), count).describe('objects in each state'),
  objects: z.array(object).describe('objects that are not compatible, the worst first'),
  more: count.describe('number of such objects that are not listed'),
  others: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe('names of the objects that are not in the list, by state'),
  stored: z
    .object({ offset: count, lengths: z.array(count) })
    .optional()
    .describe(
      'place of these objects in histograms.ndjson beside the report, in bytes; in the order of objects and others',
    ),
  known: count.default(0).describe('number of known differences'),
  fixed: count.default(0).describe('number of differences of the last accepted run that are gone'),
});

/** `checks.histograms` in report.json. */
export const detailsSchema = z.object({
  references: z
    .array(z.string())
    .describe(
      'runs that this run was compared with, newest first, or addresses of reference files; empty: no reference',
    ),
  files: z.array(file).describe('the worst first'),
});

export type Details = z.infer<typeof detailsSchema>;
export type FileDetails = Details['files'][number];
/** A line of histograms.ndjson. */
export type StoredObject = Pick<ObjectDetails, 'name' | 'title' | 'state' | 'reason' | 'owner' | 'tests' | 'picture'>;
export type ObjectDetails = FileDetails['objects'][number];
