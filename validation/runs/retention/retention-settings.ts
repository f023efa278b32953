import { z } from 'zod';
import { megabytes, seconds } from '../../units/parse.ts';

/** Section `gc` of `relval.yaml`: which runs may go. */
export const gcSection = z
  .strictObject({
    olderThan: z
      .string()
      .refine((text) => seconds(text) !== undefined, 'expected a time such as 30d')
      .optional()
      .describe('Runs older than this, such as 30d; failed ones stay twice as long'),
    keep: z.int().nonnegative().optional().describe('Keep so many runs of each name, and twice as many failed ones'),
    maxSize: z
      .string()
      .refine((text) => megabytes(text) !== undefined, 'expected a size such as 100G')
      .optional()
      .describe('Then the oldest, until all together are below this, such as 100G'),
  })
  .prefault({})
  .describe('Which runs may go: `relval gc`');
