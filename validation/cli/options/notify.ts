import type { Argv } from 'yargs';

/** The flags about who is told of a run: shared by `run` and `resume`. */
export function notifyOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['jira', 'notify', 'notify-dry-run'], 'Who is told:')
    .option('jira', {
      type: 'string',
      requiresArg: true,
      describe: 'Key of the issue that a `jira` channel comments on, in the place of the configured one',
    })
    .option('notify', { type: 'boolean', default: true, describe: 'Tell whom relval.yaml names; --no-notify: nobody' })
    .option('notify-dry-run', {
      type: 'boolean',
      default: false,
      describe: 'Print on stderr what would be sent, and send nothing',
    });
}
