import type { Argv } from 'yargs';
import { describeOption } from '../../config/option-texts.ts';

/** The flags about how a run is judged. */
export function criteriaOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['rules', 'policy', 'components', 'reference', 'reference-files'], 'How the run is judged:')
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
      describe: 'Reference: the run to compare with; default: the last good run of the same name',
    })
    .option('reference-files', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: describeOption('referenceFiles'),
    });
}
