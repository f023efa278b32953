import { z } from 'zod';
import type { Report } from './model.ts';

const count = z.int().nonnegative();
const time = z.number().describe('ms since 1970');
const bytes = z.number().nonnegative().describe('bytes');

const finding = z
  .strictObject({
    step: z.string(),
    stage: z.string(),
    attempt: count,
    severity: z.enum(['error', 'warning', 'info']),
    rule: z.string().describe('id of the rule'),
    file: z.string().optional().describe("log file within the attempt's directory"),
    line: z.int().positive().optional(),
    column: z.int().positive().optional().describe('in characters'),
    message: z.string().describe('the line of the log, or a sentence; text, never markup'),
    context: z.strictObject({ before: z.array(z.string()), after: z.array(z.string()) }).optional(),
    trace: z.array(z.string()).optional().describe('for a crash: the stack trace, innermost call first'),
    lastLines: z
      .strictObject({ file: z.string(), lines: z.array(z.string()) })
      .optional()
      .describe('for the end of a payload: the last lines that it wrote'),
    more: count.optional().describe('number of further lines of the file that match the rule'),
    known: z.string().optional().describe('why it is excused, and by whom'),
    expired: z.string().optional().describe('the exception that excused it until it ended, and by whom'),
    fingerprint: z.string().optional().describe('the same for the same error in another run'),
    earlierFingerprint: z.string().optional().describe('the fingerprint of older versions of relval'),
    age: z.enum(['new', 'known']).optional().describe('whether the reference has it'),
    compared: z
      .strictObject({ file: z.string(), object: z.string().optional() })
      .optional()
      .describe('for a difference from the reference: the output file and the object in it'),
    component: z.string().optional(),
  })
  .meta({ id: 'finding' });

const step = z
  .strictObject({
    id: z.string(),
    stage: z.string(),
    state: z.enum(['waiting', 'submitted', 'running', 'succeeded', 'failed', 'broken', 'aborted']),
    attempts: count,
    repeated: count.optional().describe('the attempt that had succeeded before `relval retry` ran the step again'),
    exitStatus: z.int().optional(),
    signal: z.string().optional(),
    start: time.optional(),
    end: time.optional(),
    host: z.string().optional(),
    cpuTime: z.number().optional().describe('seconds'),
    peakMemory: bytes.optional(),
    inputBytes: bytes.optional(),
    outputBytes: bytes.optional(),
    worker: z.string().optional(),
    logs: z.array(z.string()).describe('relative to the run directory'),
    outputDir: z.string().optional(),
    outputs: z.array(z.strictObject({ name: z.string(), size: bytes })),
  })
  .meta({ id: 'step' });

const change = z
  .strictObject({
    stage: z.string(),
    step: z.string().optional().describe('absent if it is the median of the stage'),
    output: z
      .string()
      .optional()
      .describe('name of the output that got smaller or was not made; absent: the sum of all outputs'),
    quantity: z.enum(['duration', 'cpuTime', 'peakMemory', 'outputBytes']),
    value: z.number().describe('seconds or bytes'),
    usual: z.number().describe('median of the earlier runs'),
    spread: z.number().describe('half of the range that counts as noise'),
    runs: z.int().positive().describe('number of earlier runs behind usual and spread'),
    direction: z.enum(['more', 'less']),
  })
  .meta({ id: 'change' });

const night = z.strictObject({
  run: z.string(),
  created: time,
  release: z.string().optional(),
  removed: z.literal(true).optional().describe('the run was removed'),
});

const since = z
  .strictObject({
    course: z.enum(['open', 'flaky', 'always']),
    first: night.describe('the first of the consecutive nights until this run that have it'),
    lastGood: night.optional().describe('the last night before that without it'),
    unknown: count.optional().describe('nights between the two that cannot tell'),
    bad: count.describe('nights that have it, with this run'),
    known: count.describe('nights that can tell, with this run'),
  })
  .meta({ id: 'since' });

/** The strict schema of report.json. docs/schema/report.json is generated from it. */
export const reportSchema = z
  .strictObject({
    schema: z.literal('relval-report-1'),
    run: z.string(),
    name: z.string(),
    workflow: z.string(),
    verdict: z.enum(['passed', 'failed', 'broken', 'interrupted']),
    reason: z.string().describe('one sentence'),
    start: time,
    end: time,
    totals: z.strictObject({
      ...{ steps: count, succeeded: count, failed: count, broken: count, notRun: count },
      ...{ errors: count, warnings: count },
    }),
    findings: z.array(finding),
    rules: z.string().optional().describe('digest of the rules'),
    policy: z
      .strictObject({ name: z.string(), failOn: z.enum(['any error', 'new errors']) })
      .optional()
      .describe('absent: any error fails the run'),
    reference: z
      .strictObject({
        run: z.string(),
        start: time,
        runs: z.array(z.string()).describe('good runs that times and sizes are compared with, newest first'),
      })
      .optional(),
    fixed: z.array(finding).optional().describe('findings of the reference that this run does not have'),
    changes: z.array(change).optional(),
    since: z.record(z.string(), since).optional().describe('since when findings are there, by their fingerprint'),
    unneeded: z
      .array(z.strictObject({ rule: z.string(), exception: z.string() }))
      .optional()
      .describe('exceptions that excused no finding'),
    components: z
      .array(
        z.strictObject({
          ...{ name: z.string(), contacts: z.array(z.string()), errors: count, newErrors: count, warnings: count },
        }),
      )
      .optional()
      .describe('components and their contacts, those with new errors first'),
    steps: z.array(step),
    heldUp: z.array(z.string()).optional().describe('why steps still waited at the end, a sentence each'),
    checks: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('details of each kind of check, by its id; histograms: see docs/histograms.md'),
    provenance: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
  })
  .meta({ title: 'Report of a release validation (report.json)' }) satisfies z.ZodType<Report>;

/** The published JSON Schema of report.json. */
export function reportJsonSchema(): unknown {
  return z.toJSONSchema(reportSchema);
}
