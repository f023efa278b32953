import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** What a step does, and what relval is to say of it. */
const payloadCase = z.strictObject({
  case: z.string(),
  /** bash */
  sh: z.string(),
  /** More keys of the stage. */
  stage: z.record(z.string(), z.unknown()).optional(),
  /** Absent: whether it fails is a matter of taste, but it must be told. */
  state: z.enum(['succeeded', 'failed', 'broken']).optional(),
  /** What one of its findings must say. */
  says: z.string().optional(),
  /** What none of them may say. */
  not: z.string().optional(),
  /** How many different errors it has. */
  errors: z.number().optional(),
});
export type PayloadCase = z.infer<typeof payloadCase>;

/** Two nights of a stage that prints an error each. */
const pairCase = z.strictObject({ case: z.string(), before: z.string(), after: z.string(), same: z.boolean() });
export type PairCase = z.infer<typeof pairCase>;

/** Commands in a directory of their own. */
const commandCase = z.strictObject({
  case: z.string(),
  files: z.record(z.string(), z.string()).optional(),
  /** bash; `relval` is the built one */
  sh: z.string(),
  /** Exit statuses of which the last command has one. */
  exit: z.array(z.number()),
  /** What the output must say. */
  says: z.string().optional(),
  /** A command that must work for the case to be tried. */
  needs: z.string().optional(),
});
export type CommandCase = z.infer<typeof commandCase>;

function read<T>(file: string, schema: z.ZodType<T>): T[] {
  return z.array(schema).parse(parse(readFileSync(join(import.meta.dirname, file), 'utf8')));
}

export const payloadCases = (file: string): PayloadCase[] => read(file, payloadCase);
export const pairCases = (): PairCase[] => read('fingerprints.yaml', pairCase);
export const commandCases = (): CommandCase[] => read('commands.yaml', commandCase);
