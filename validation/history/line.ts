import { z } from 'zod';

/** The form of a line. A line of another form is made again where its run is still there. */
export const LINE_SCHEMA = 'relval-history-1';

/** Limits of one line: a run with 10,000 failed steps must not make the history of all runs slow. */
export const MOST_FINDINGS = 300;
export const MOST_STEPS_OF_FINDING = 20;
/** Of a stage, in each list. */
export const MOST_STEPS = 100;
export const MOST_STAGES = 200;
export const MOST_RULES = 200;

const count = z.number().int().nonnegative();
const name = z.string().max(1000);
const names = z.array(name).max(MOST_STEPS);

/** The steps of one stage: seconds or bytes. */
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
  /** Succeeded, in a later attempt than the first. */
  retried: count,
  /** Ids of some of those that failed; that say nothing (broken, not run); that were retried. */
  failedSteps: names,
  unjudgedSteps: names,
  retriedSteps: names,
  /** Of the steps that succeeded. Absent: none did, or it was not measured. */
  duration: spread.optional(),
  peakMemory: spread.optional(),
  outputBytes: spread.optional(),
});
export type StageLine = z.infer<typeof stage>;

/** The quantities of a stage whose course over the nights is looked at. */
export const QUANTITIES = ['duration', 'peakMemory', 'outputBytes'] as const;
export type Quantity = (typeof QUANTITIES)[number];

const foundLine = z.object({
  /** The same in every run that has the finding: its fingerprint; of a histogram, where it is. */
  key: name,
  /** The fingerprint that older versions of relval computed for it. */
  earlier: name.optional(),
  severity: z.enum(['error', 'warning']),
  /** An exception excuses it in this run. */
  excused: z.literal(true).optional(),
  rule: name,
  component: name.optional(),
  text: z.string().max(1000),
  stage: name,
  /** Some of its steps, and the number of all. */
  steps: z.array(name).max(MOST_STEPS_OF_FINDING),
  count,
  /** Of a difference from the reference: the output file, and the object in it. */
  compared: z.object({ file: name, object: name.optional() }).optional(),
});
export type FoundLine = z.infer<typeof foundLine>;

/** What the history keeps of one run that has ended: a line of `history/runs.ndjson`. Times: ms since 1970. */
export const lineSchema = z.object({
  schema: z.literal(LINE_SCHEMA),
  /** Of the files that it was made from: when they change, the line is made again. */
  stamp: name,
  id: name,
  name,
  workflow: name,
  release: name.optional(),
  created: z.number(),
  ended: z.number().optional(),
  verdict: z.enum(['passed', 'failed', 'broken', 'interrupted']),
  reason: z.string().max(1000).optional(),
  accepted: z.literal(true).optional(),
  /** There was a report that could be read: only then is anything known of stages and findings. */
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
  /** Rules of which not every line is listed: a finding of such a rule may be among the others. */
  cut: z.array(name).max(MOST_RULES),
  /** There are more findings than the line can list: one that it does not list may be there. */
  more: z.literal(true).optional(),
});
export type HistoryLine = z.infer<typeof lineSchema>;
