import type { Argv } from 'yargs';

/** The flags about notifications, for `run`, `exec` and `resume`. */
export function notifyOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['jira', 'notify', 'notify-dry-run'], 'Notifications:')
    .option('jira', {
      type: 'string',
      requiresArg: true,
      describe: 'Key of the JIRA issue to comment on, instead of the one in relval.yaml',
    })
    .option('notify', {
      type: 'boolean',
      default: true,
      describe: 'Send the notifications of relval.yaml; --no-notify: send none',
    })
    .option('notify-dry-run', {
      type: 'boolean',
      default: false,
      describe: 'Print the notifications on stderr instead of sending them',
    });
}
