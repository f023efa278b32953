import { z } from '../input/small-zod.ts';

/**
 * What a step reports about itself in `<id>.result.json` (written by relval-step.sh). The file exists from the step's start; `end` is
 * null until the step has ended. So a step that was killed without warning differs from one that has ended.
 */
const resultSchema = z.object({
  schema: z.literal('relval-result-1'),
  step: z.string(),
  /** Unique to this run of the script; absent in results from before live logs. */
  execution: z._default(z.string(), ''),
  stage: z.string(),
  index: z.int(),
  /**
   * The phase that failed, or in which the step was ended; `done`: nothing failed; `skipped`: not run, because a step that
   * must succeed before did not; `refused`: not run, because the run did not allow it (for example, its attempts are used up): that is
   * no attempt. Only `payload`, `done` and `skipped` say something about the release.
   */
  phase: z.enum(['input', 'environment', 'payload', 'output', 'done', 'skipped', 'refused']),
  /** True if the steps that wait for this one must not run. */
  blocking: z.boolean(),
  /** The payload's exit status, 128 + N when signal N ended it; null when it has not ended. */
  exitStatus: z.nullable(z.int()),
  /** The signal that ended the payload (`SIGSEGV`) or, when `interrupted`, the step. */
  signal: z.nullable(z.string()),
  /** Killed because it exceeded its time limit. */
  timedOut: z.boolean(),
  /** The step was ended from outside. The payload did not end by itself. */
  interrupted: z.boolean(),
  /** ms since 1970. */
  start: z.int(),
  end: z.nullable(z.int()),
  payloadStart: z.nullable(z.int()),
  payloadEnd: z.nullable(z.int()),
  /** Seconds of CPU time of the payload and of the children that it waited for. */
  cpuTime: z.nullable(z.number()),
  /**
   * The largest memory use that was measured, in bytes, of the payload and its children together (shared memory counts for
   * each); null when the payload was too short to be measured.
   */
  peakMemory: z._default(z.nullable(z.int()), null),
  /** The payload failed, and while it ran the kernel killed a process because of the memory limit. */
  outOfMemory: z._default(z.boolean(), false),
  host: z.string(),
  /** The directory that Work Queue or HTCondor has made for the step, whose path names the worker; empty elsewhere. */
  worker: z.string(),
  /** Resources of the task, as Work Queue gives them. */
  cores: z.nullable(z.number()),
  /** With all variables and shell expressions expanded; empty when it is not known or there is none. */
  outputDir: z.string(),
  /** Bytes of the fetched inputs, and of the outputs. */
  inputBytes: z.int(),
  outputBytes: z.int(),
  /** The files that were, or should have been, transferred to outputDir. */
  outputs: z.array(z.object({ name: z.string(), size: z.int() })),
  /** Patterns of files that later stages need and that no file matched. */
  missing: z.array(z.string()),
  /** Empty outputs that were packed into an archive. */
  empty: z._default(z.array(z.string()), []),
  /** `ARCHIVE:NAME` of what an archive's list names and what is not there; `ARCHIVE:` of one into which nothing came. */
  lacking: z._default(z.array(z.string()), []),
  /** Outputs, also packed ones, that are shorter than their own header says. */
  cutOff: z._default(z.array(z.string()), []),
  /** Logs that could not be read, each with the reason: they may contain errors. */
  unread: z._default(z.array(z.string()), []),
  coreDumps: z.array(z.string()),
  /** One sentence on what went wrong; empty when nothing went wrong. */
  message: z.string(),
});

export type StepResult = z.infer<typeof resultSchema>;

/** Exit statuses of relval-step.sh when the payload did not run or the infrastructure failed; above these, 128 + N when signal N ended it. */
export const STEP_EXIT = { usage: 64, input: 65, environment: 66, output: 67, diskFull: 68, refused: 69 } as const;

/**
 * @param text of a result.json
 * @throws {SyntaxError | ZodError} when the text is not a result, or is incomplete
 */
export function parseResult(text: string): StepResult {
  return resultSchema.parse(JSON.parse(text));
}
