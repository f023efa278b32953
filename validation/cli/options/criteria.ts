import type { Argv } from 'yargs';
import { describeOption } from '../../config/options.ts';

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
