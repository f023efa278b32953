import { z } from 'zod';

/**
 * What a step says of itself in `<id>.result.json` (written by relval-step.sh). It exists from the step's start; `end` is
 * null until the step has ended, so that one that was killed without warning can be told from one that has.
 */
export const resultSchema = z.object({
  schema: z.literal('relval-result-1'),
  step: z.string(),
  /** Unique to this run of the script; results of before live logs have none. */
  execution: z.string().default(''),
  stage: z.string(),
  index: z.number().int(),
  /**
   * The phase that failed, or in which the step was ended; `done`: nothing failed; `skipped`: not run, because a step that
   * must succeed before did not; `refused`: not run, because the run did not let it (its attempts are used up, say): that is
   * no attempt. Only `payload`, `done` and `skipped` say something about the release.
   */
  phase: z.enum(['input', 'environment', 'payload', 'output', 'done', 'skipped', 'refused']),
  /** Steps that wait for this one must not run. */
  blocking: z.boolean(),
  /** The payload's exit status, 128 + N when signal N ended it; null when it has not ended. */
  exitStatus: z.number().int().nullable(),
  /** What ended the payload (`SIGSEGV`), or, when `interrupted`, the step. */
  signal: z.string().nullable(),
  /** Killed because it exceeded its time limit. */
  timedOut: z.boolean(),
  /** The step was ended from outside, not the payload by itself. */
  interrupted: z.boolean(),
  /** ms since 1970. */
  start: z.number().int(),
  end: z.number().int().nullable(),
  payloadStart: z.number().int().nullable(),
  payloadEnd: z.number().int().nullable(),
  /** Seconds of CPU time of the payload and those of its children it waited for. */
  cpuTime: z.number().nullable(),
  /**
   * Bytes in memory at the worst moment that was seen, of the payload and its children together (what they share counts for
   * each); null when it was too short to be seen.
   */
  peakMemory: z.number().int().nullable().default(null),
  /** It failed, and meanwhile the kernel killed a process for the memory limit that holds for it. */
  outOfMemory: z.boolean().default(false),
  host: z.string(),
  /** Work Queue's sandbox, which names the worker; empty without Work Queue. */
  worker: z.string(),
  /** Of the task, as Work Queue gives them. */
  cores: z.number().nullable(),
  /** With all variables and shell expressions expanded; empty when it was not yet known or there is none. */
  outputDir: z.string(),
  /** Bytes of the inputs as they were fetched, and of the outputs. */
  inputBytes: z.number().int(),
  outputBytes: z.number().int(),
  /** What was transferred to outputDir, or was to be. */
  outputs: z.array(z.object({ name: z.string(), size: z.number().int() })),
  /** Patterns of files that later stages need and that matched nothing. */
  missing: z.array(z.string()),
  /** Outputs of no size that were packed into an archive. */
  empty: z.array(z.string()).default([]),
  /** Outputs, also packed ones, that are shorter than their format says. */
  cutOff: z.array(z.string()).default([]),
  coreDumps: z.array(z.string()),
  /** One sentence on what went wrong; empty when nothing did. */
  message: z.string(),
});

export type StepResult = z.infer<typeof resultSchema>;

/** Exit statuses of relval-step.sh when the payload did not run, or the infrastructure failed; beyond these, 128 + N when signal N ended it. */
export const STEP_EXIT = { usage: 64, input: 65, environment: 66, output: 67, diskFull: 68, refused: 69 } as const;

/**
 * @param text of a result.json
 * @throws {SyntaxError | z.ZodError} not one, or cut off
 */
export function parseResult(text: string): StepResult {
  return resultSchema.parse(JSON.parse(text));
}
