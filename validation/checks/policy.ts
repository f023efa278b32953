import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../input/input-error.ts';
import { readYaml } from '../input/yaml-file.ts';
import { policyFolder, policyNames } from './policies.ts';

const answer = z.enum(['report', 'fail']).default('report');

const schema = z.strictObject({
  failOn: z.enum(['any error', 'new errors']),
  warnings: z.int().min(0).optional(),
  regressions: z
    .strictObject({ duration: answer, cpuTime: answer, peakMemory: answer, outputBytes: answer })
    .prefault({}),
});

/**
 * What makes a run fail.
 * - `failOn`: `any error`, or only `new errors`, those that the reference run did not have
 * - `warnings`: so many are tolerated, more fail; the same in several lines or steps is one; absent: any number is
 * - `regressions`: whether what takes more than in earlier runs, or leaves another amount of output, is only reported
 */
export type Policy = z.infer<typeof schema> & { name: string };

/**
 * @param wanted name of one that comes with relval, or a file
 * @throws {InputError} no such policy, or every mistake in it with its place
 */
export function loadPolicy(wanted = 'default'): Policy {
  const own = join(policyFolder(), `${wanted}.yaml`);
  const isName = /^[a-z-]+$/.test(wanted) && existsSync(own);
  if (!isName && !existsSync(wanted)) {
    throw new InputError([{ message: `no policy ${wanted}: expected a file, or one of ${policyNames().join(', ')}` }]);
  }
  const name = basename(wanted).replace(/\.ya?ml$/, '');
  return { name, ...readYaml(isName ? own : wanted, schema, 'policy').data };
}
