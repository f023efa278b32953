import type { Argv } from 'yargs';
import { describeOption } from '../../config/options.ts';

/** The flag that every command about runs has. */
export function runsOption<T>(yargs: Argv<T>) {
  return yargs.option('runs', {
    type: 'string',
    default: 'runs',
    describe: describeOption('runs'),
  });
}

const A_RUN = 'Run id, the beginning of one, a run directory, or "last"';

/** The run that a command is about, the newest one unless it is named. */
export function runArgument<T>(yargs: Argv<T>) {
  return runsOption(yargs).positional('run', { type: 'string', default: 'last', describe: A_RUN });
}

/** The run that a command is about, which must be named. */
export function namedRunArgument<T>(yargs: Argv<T>) {
  return runsOption(yargs).positional('run', { type: 'string', demandOption: true, describe: A_RUN });
}
