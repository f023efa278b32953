import { z } from 'zod';
import { policyNames } from '../checks/policies.ts';
import { filePath, hostPort } from '../input/yaml-types.ts';

/**
 * Flags of commands that can also be given in `relval.yaml` and the environment: `localCpus`, `--local-cpus` and
 * `$RELVAL_LOCAL_CPUS` are the same. A command takes those that it has. Their words and defaults in `--help` and
 * docs/configuration.md are these.
 */
export const OPTIONS = {
  runs: filePath.prefault('runs').describe('Directory of the runs'),
  local: z.boolean().default(false).describe('On this machine: starts master, framework and workers'),
  catalog: hostPort.optional().describe('HOST:PORT of the catalog server of a cluster'),
  password: filePath
    .optional()
    .describe('With --catalog: file with the password that workers must know; the framework needs the same one'),
  localCpus: z.number().positive().optional().describe('With --local: cores to use; default: those of this machine'),
  localMemory: z.number().positive().optional().describe('With --local: MB of memory to use; default: nine tenths'),
  retries: z
    .int()
    .nonnegative()
    .optional()
    .describe('Times a step is tried again after an infrastructure failure; default: as each stage says'),
  rules: z
    .array(filePath)
    .optional()
    .describe('YAML files of rules, added to the built-in ones; as a flag one at a time'),
  policy: z
    .string()
    .min(1)
    .transform((text) => (policyNames().includes(text) ? text : filePath.parse(text)))
    .optional()
    .describe(`What fails a run: ${policyNames().join(', ')}, or a YAML file`),
  components: filePath.optional().describe('YAML file of detectors, and who looks after them'),
};

/** Commands that take an option from the file or the environment, where not all that have the flag do: a report is of what a run was judged by. */
export const ONLY_FOR: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  rules: ['run', 'exec'],
  policy: ['run', 'exec'],
  components: ['run', 'exec'],
};

export type OptionName = keyof typeof OPTIONS;

/** Of these the one that is given nearer to the user counts, and the other is forgotten. */
export const EITHER: readonly (readonly [OptionName, OptionName])[] = [['local', 'catalog']];

/** What `--help` says about a flag. */
export function describeOption(name: OptionName): string {
  return OPTIONS[name].description ?? '';
}

/** `localCpus` → `local-cpus`. */
export function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `localCpus` → `RELVAL_LOCAL_CPUS`; of a section's key `RELVAL_SERVE_LISTEN`. */
export function variableOf(key: string, section?: string): string {
  const name = section === undefined ? key : `${section}-${key}`;
  return `RELVAL_${flagOf(name).replaceAll('-', '_').toUpperCase()}`;
}
