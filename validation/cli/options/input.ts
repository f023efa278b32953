import type { Argv } from 'yargs';

/** The flags that choose what runs, for `plan`, `generate`, `graph`, `check` and `run`. */
export function inputOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['set', 'set-append', 'arg', 'lenient', 'workflow', 'start-at', 'stop-at', 'only', 'from'], 'What runs:')
    .positional('input', { type: 'string', demandOption: true, describe: 'A JDL, or a workflow (.yaml)' })
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
      describe: 'VALUE of $1 in the JDL; the next --arg is $2, and so on, like the arguments of `submit` after the JDL',
    })
    .option('lenient', {
      type: 'boolean',
      default: false,
      describe: 'Skip malformed entries of the JDL with a warning',
    })
    .option('workflow', { type: 'string', describe: 'Workflow definition to use instead of the built-in one' })
    .option('start-at', { type: 'string', describe: 'First stage to run; earlier stages count as done' })
    .option('stop-at', { type: 'string', describe: 'Last stage to run' })
    .option('only', { type: 'string', describe: 'Run only this step' });
}
