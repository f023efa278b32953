import { z } from 'zod';
import { policyNames } from '../checks/policies.ts';
import { isXrootd } from '../files/places.ts';
import { filePath, hostPort } from '../input/yaml-types.ts';

/**
 * Flags that can also be set in `relval.yaml` and the environment: `localCpus`, `--local-cpus` and `$RELVAL_LOCAL_CPUS` are
 * the same. A command uses those that it has. `--help` and docs/configuration.md take their texts and defaults from here.
 */
export const OPTIONS = {
  runs: filePath.prefault('runs').describe('Directory of the runs'),
  local: z.boolean().default(false).describe('Run on this machine: relval starts a master, the framework and workers'),
  catalog: hostPort.optional().describe('HOST:PORT of the catalog server of a cluster'),
  password: filePath
    .optional()
    .describe('With --catalog: file with the password for workers; the framework needs the same password'),
  batch: z
    .enum(['wq', 'condor'])
    .optional()
    .describe('What runs the steps of a cluster: wq (Work Queue, the default) or condor (HTCondor)'),
  schedd: z
    .string()
    .regex(/^[\w.@+-]+$/, 'a name as condor_status -schedd shows it')
    .optional()
    .describe('With --batch condor: name of the schedd; default: the one that HTCondor is configured for'),
  pool: z
    .string()
    .regex(/^[\w.[\]:-]+$/, 'HOST or HOST:PORT')
    .optional()
    .describe('With --batch condor: HOST[:PORT] of the collector; default: the one that HTCondor is configured for'),
  localCpus: z.number().positive().optional().describe('With --local: number of cores to use; default: all'),
  localGpus: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('With --local: number of GPUs to use; default: those of NVIDIA'),
  localMemory: z.number().positive().optional().describe('With --local: MB of memory to use; default: 90 %'),
  retries: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'Number of times that a step is tried again after an infrastructure failure; default: the value of its stage',
    ),
  rules: z.array(filePath).optional().describe('YAML file with rules, in addition to the built-in ones; repeatable'),
  policy: z
    .string()
    .min(1)
    .transform((text) => (policyNames().includes(text) ? text : filePath.parse(text)))
    .optional()
    .describe(`Policy that decides what fails a run: ${policyNames().join(', ')}, or a YAML file`),
  referenceFiles: z
    .array(z.union([z.string().refine(isXrootd), filePath]))
    .optional()
    .describe(
      'Good ROOT file, or directory of good outputs, with which histograms are compared: a path, or an address such as root://HOST//PATH; repeatable; default: the outputs of the last good runs',
    ),
  utc: z
    .boolean()
    .default(false)
    .describe('Show times in UTC; default: in the local time zone, with its offset from UTC'),
  components: filePath.optional().describe('YAML file with components and their contacts'),
};

/** Options that only these commands take from the file or the environment. `report` does not: it shows how the run was judged. */
export const ONLY_FOR: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  rules: ['run', 'exec'],
  policy: ['run', 'exec'],
  components: ['run', 'exec'],
  referenceFiles: ['run'],
};

export type OptionName = keyof typeof OPTIONS;

/** Options that exclude each other. The one from the layer nearest to the user wins; the other one is ignored. */
export const EITHER: readonly (readonly [OptionName, OptionName])[] = [
  ['local', 'catalog'],
  ...(['batch', 'schedd', 'pool'] as const).flatMap((ofCondor) =>
    (['local', 'catalog', 'password'] as const).map((other) => [other, ofCondor] as const),
  ),
];

/** The text of a flag in `--help`. */
export function describeOption(name: OptionName): string {
  return OPTIONS[name].description ?? '';
}

/** `localCpus` → `local-cpus`. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `localCpus` → `RELVAL_LOCAL_CPUS`; for a key of a section `RELVAL_SERVE_LISTEN`. */
export function variableOf(key: string, section?: string): string {
  const name = section === undefined ? key : `${section}-${key}`;
  return `RELVAL_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
}
