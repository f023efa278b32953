import { z } from 'zod';
import { megabytes, seconds } from '../../units/parse.ts';

/** Section `gc` of `relval.yaml`: which runs are removed. */
export const gcSection = z
  .strictObject({
    olderThan: z
      .string()
      .refine((text) => seconds(text) !== undefined, 'expected a time such as 30d')
      .optional()
      .describe('Remove runs older than this, e.g. 30d; failed runs are kept twice as long'),
    keep: z
      .int()
      .nonnegative()
      .optional()
      .describe('Number of runs to keep for each name, and twice as many failed runs'),
    maxSize: z
      .string()
      .refine((text) => megabytes(text) !== undefined, 'expected a size such as 100G')
      .optional()
      .describe('Then remove the oldest runs until all runs together are below this size, e.g. 100G'),
  })
  .prefault({})
  .describe('Which runs `relval gc` removes');
