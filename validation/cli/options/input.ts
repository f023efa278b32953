import type { Argv } from 'yargs';

/** The flags that say what is to be run: shared by `plan`, `generate` and `run`. */
export function inputOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['set', 'set-append', 'arg', 'lenient', 'workflow', 'start-at', 'stop-at', 'only', 'from'], 'What is run:')
    .positional('input', { type: 'string', demandOption: true, describe: 'A JDL, or a workflow (.yaml) of your own' })
    .option('set', {
      type: 'string',
      array: true,
      default: [] as string[],
      nargs: 1,
      describe: 'KEY=VALUE: set a key of the JDL; repeatable',
    })
    .option('set-append', {
      type: 'string',
      array: true,
      default: [] as string[],
      nargs: 1,
      describe: 'KEY=VALUE: append to a key of the JDL; repeatable',
    })
    .option('arg', {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'VALUE of $1 in the JDL, the next one that of $2, …: what `submit` gets behind the name of the JDL',
    })
    .option('lenient', {
      type: 'boolean',
      default: false,
      describe: 'Skip what is malformed in the JDL, with a warning',
    })
    .option('workflow', { type: 'string', describe: 'Workflow definition in the place of the built-in one' })
    .option('start-at', { type: 'string', describe: 'First stage to run; those before it are taken as done' })
    .option('stop-at', { type: 'string', describe: 'Last stage to run' })
    .option('only', { type: 'string', describe: 'Run this one step' });
}
