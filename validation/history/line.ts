import { z } from 'zod';
import { LATEST } from '../units/time.ts';

/** The form of a line. A line of another form is made again, if its run still exists. */
export const LINE_SCHEMA = 'relval-history-1';

/** Limits of one line: a run with 10,000 failed steps must not make the history of all runs slow. */
export const MOST_FINDINGS = 300;
export const MOST_STEPS_OF_FINDING = 20;
/** The largest number of steps in each list of a stage. */
export const MOST_STEPS = 100;
export const MOST_STAGES = 200;
export const MOST_RULES = 200;

const count = z.number().int().nonnegative();
const name = z.string().max(1000);
/** As in run.json: a later time cannot be written as a date. */
const time = z.number().min(0).max(LATEST);
const names = z.array(name).max(MOST_STEPS);

/** The distribution over the steps of one stage: seconds or bytes. */
const spread = z.object({
  median: z.number(),
  /** The quartiles: half of the steps are between them. */
  low: z.number(),
  high: z.number(),
});
export type Spread = z.infer<typeof spread>;

const stage = z.object({
  name,
  steps: count,
  succeeded: count,
  failed: count,
  broken: count,
  notRun: count,
  /** The number of steps that succeeded only in a later attempt. */
  retried: count,
  /** Ids of some failed steps, of some steps without a result (broken, not run), and of some that needed a later attempt. */
  failedSteps: names,
  unjudgedSteps: names,
  retriedSteps: names,
  /** Over the steps that succeeded. Absent: no step succeeded, or it was not measured. */
  duration: spread.optional(),
  peakMemory: spread.optional(),
  outputBytes: spread.optional(),
});
export type StageLine = z.infer<typeof stage>;

/** The quantities of a stage that the history compares over the nights. */
export const QUANTITIES = ['duration', 'peakMemory', 'outputBytes'] as const;
export type Quantity = (typeof QUANTITIES)[number];

const foundLine = z.object({
  /** The same in every run with this finding: the fingerprint; for a histogram, its place. */
  key: name,
  /** The fingerprint of this finding in older versions of relval. */
  earlier: name.optional(),
  severity: z.enum(['error', 'warning']),
  /** Whether an exception excuses it in this run. */
  excused: z.literal(true).optional(),
  rule: name,
  component: name.optional(),
  text: z.string().max(1000),
  stage: name,
  /** Some of its steps, and the number of all. */
  steps: z.array(name).max(MOST_STEPS_OF_FINDING),
  count,
  /** For a difference from the reference: the output file, and the object in it. */
  compared: z.object({ file: name, object: name.optional() }).optional(),
});
export type FoundLine = z.infer<typeof foundLine>;

/** The line of a run that has ended in `history/runs.ndjson`. Times are ms since 1970. */
export const lineSchema = z.object({
  schema: z.literal(LINE_SCHEMA),
  /** The stamp of the files from which the line was made. If they change, the line is made again. */
  stamp: name,
  id: name,
  name,
  workflow: name,
  release: name.optional(),
  created: time,
  ended: time.optional(),
  verdict: z.enum(['passed', 'failed', 'broken', 'interrupted']),
  reason: z.string().max(1000).optional(),
  accepted: z.literal(true).optional(),
  /** Whether the run had a readable report. Without one, stages and findings are not known. */
  judged: z.boolean(),
  totals: z.object({ steps: count, succeeded: count, failed: count, broken: count, notRun: count }),
  errors: count,
  warnings: count,
  /** Histograms that differ from the reference. */
  histograms: count,
  stages: z.array(stage).max(MOST_STAGES),
  findings: z.array(foundLine).max(MOST_FINDINGS),
  /** Distinct errors and warnings of each component. */
  components: z.record(z.string(), z.object({ errors: count, warnings: count })),
  /** Rules with more lines than the report lists. The other lines may contain any finding of such a rule. */
  cut: z.array(name).max(MOST_RULES),
  /** The run has more findings than the line can list. So a finding that is not listed may be there. */
  more: z.literal(true).optional(),
});
export type HistoryLine = z.infer<typeof lineSchema>;
