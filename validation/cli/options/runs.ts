import type { Argv } from 'yargs';
import { describeOption } from '../../config/option-texts.ts';

/** The flag `--runs` of every command about runs. */
export function runsOption<T>(yargs: Argv<T>) {
  return yargs.option('runs', {
    type: 'string',
    default: 'runs',
    describe: describeOption('runs'),
  });
}

const A_RUN = 'Run id, the beginning of a run id, a run directory, or "last"';

/** The run of a command; default: the newest one. */
export function runArgument<T>(yargs: Argv<T>) {
  return runsOption(yargs).positional('run', { type: 'string', default: 'last', describe: A_RUN });
}

/** The run of a command; it must be given. */
export function namedRunArgument<T>(yargs: Argv<T>) {
  return runsOption(yargs).positional('run', { type: 'string', demandOption: true, describe: A_RUN });
}
