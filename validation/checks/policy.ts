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
  histograms: z.enum(['report', 'fail on critical', 'fail']).default('fail'),
});

/**
 * Decides which findings fail a run.
 * - `failOn`: `any error`, or only `new errors`, which the reference does not have
 * - `warnings`: the number of warnings that are tolerated; the same warning in several lines or steps counts once; absent:
 *   any number is tolerated
 * - `regressions`: whether regressions, and outputs of another size, fail a run or are only reported
 * - `histograms`: whether all histograms that differ from the reference fail a run, only critical ones, or none
 */
export type Policy = z.infer<typeof schema> & { name: string };

/**
 * @param wanted name of a built-in policy, or a file
 * @throws {InputError} if there is no such policy, or with every mistake in it and its place
 */
export function loadPolicy(wanted = 'default'): Policy {
  const own = join(policyFolder(), `${wanted}.yaml`);
  const isName = /^[a-z-]+$/.test(wanted) && existsSync(own);
  if (!isName && !existsSync(wanted)) {
    throw new InputError([
      { message: `there is no policy ${wanted}: expected a file, or one of ${policyNames().join(', ')}` },
    ]);
  }
  const name = basename(wanted).replace(/\.ya?ml$/, '');
  return { name, ...readYaml(isName ? own : wanted, schema, 'policy').data };
}
