import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { policyNames } from '../checks/policies.ts';
import { describeOption } from '../config/options.ts';
import type { CriteriaChoice } from '../runs/judging/criteria.ts';
import type { RunStore } from '../runs/store/store.ts';

/** The flags about what a run is judged by. */
export function criteriaOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['rules', 'policy', 'components', 'reference'], 'Judged by:')
    .option('rules', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: describeOption('rules'),
    })
    .option('policy', { type: 'string', describe: describeOption('policy') })
    .option('components', { type: 'string', describe: describeOption('components') })
    .option('reference', {
      type: 'string',
      describe: 'Run to compare with; default: the last good one of the same name',
    });
}

interface Flags {
  rules?: string[] | undefined;
  policy?: string | undefined;
  components?: string | undefined;
  reference?: string | undefined;
}

/** What the flags ask for, with files and runs where they are. @throws InputError no such run */
export function chosenCriteria({ rules, policy, components, reference }: Flags, store: RunStore): CriteriaChoice {
  const isFile = policy !== undefined && !policyNames().includes(policy) && existsSync(policy);
  return {
    ...(rules && { rules: rules.map((file) => resolve(file)) }),
    ...(policy !== undefined && { policy: isFile ? resolve(policy) : policy }),
    ...(components !== undefined && { components: resolve(components) }),
    ...(reference !== undefined && { reference: store.find(reference).path }),
  };
}
