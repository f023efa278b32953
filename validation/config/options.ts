import { z } from 'zod';
import { policyNames } from '../checks/policies.ts';
import { isXrootd } from '../files/places.ts';
import { filePath, hostPort } from '../input/yaml-types.ts';
import { describeOption, type OptionName } from './option-texts.ts';

/**
 * Flags that can also be set in `relval.yaml` and the environment: `localCpus`, `--local-cpus` and `$RELVAL_LOCAL_CPUS` are
 * the same. A command uses those that it has. `--help` and docs/configuration.md take their texts and defaults from here.
 */
export const OPTIONS = {
  runs: filePath.prefault('runs').describe(describeOption('runs')),
  local: z.boolean().default(false).describe(describeOption('local')),
  catalog: hostPort.optional().describe(describeOption('catalog')),
  password: filePath.optional().describe(describeOption('password')),
  batch: z.enum(['wq', 'condor']).optional().describe(describeOption('batch')),
  schedd: z
    .string()
    .regex(/^[\w.@+-]+$/, 'a name as condor_status -schedd shows it')
    .optional()
    .describe(describeOption('schedd')),
  pool: z
    .string()
    .regex(/^[\w.[\]:-]+$/, 'HOST or HOST:PORT')
    .optional()
    .describe(describeOption('pool')),
  localCpus: z.number().positive().optional().describe(describeOption('localCpus')),
  localGpus: z.number().int().nonnegative().optional().describe(describeOption('localGpus')),
  localMemory: z.number().positive().optional().describe(describeOption('localMemory')),
  retries: z.int().nonnegative().optional().describe(describeOption('retries')),
  rules: z.array(filePath).optional().describe(describeOption('rules')),
  policy: z
    .string()
    .min(1)
    .transform((text) => (policyNames().includes(text) ? text : filePath.parse(text)))
    .optional()
    .describe(describeOption('policy')),
  referenceFiles: z
    .array(z.union([z.string().refine(isXrootd), filePath]))
    .optional()
    .describe(describeOption('referenceFiles')),
  utc: z.boolean().default(false).describe(describeOption('utc')),
  components: filePath.optional().describe(describeOption('components')),
} satisfies Record<OptionName, z.ZodType>;

/** Options that only these commands take from the file or the environment. `report` does not: it shows how the run was judged. */
export const ONLY_FOR: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  rules: ['run', 'exec'],
  policy: ['run', 'exec'],
  components: ['run', 'exec'],
  referenceFiles: ['run'],
};

/** Options that exclude each other. The one from the layer nearest to the user wins; the other one is ignored. */
export const EITHER: readonly (readonly [OptionName, OptionName])[] = [
  ['local', 'catalog'],
  ...(['batch', 'schedd', 'pool'] as const).flatMap((ofCondor) =>
    (['local', 'catalog', 'password'] as const).map((other) => [other, ofCondor] as const),
  ),
];

/** `localCpus` → `local-cpus`. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `localCpus` → `RELVAL_LOCAL_CPUS`; for a key of a section `RELVAL_SERVE_LISTEN`. */
export function variableOf(key: string, section?: string): string {
  const name = section === undefined ? key : `${section}-${key}`;
  return `RELVAL_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
}
