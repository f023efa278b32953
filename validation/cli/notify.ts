import pc from 'picocolors';
import { InputError } from '../input/input-error.ts';
import { issueKey } from '../input/yaml-types.ts';
import { dryRunText } from '../notify/dry-run.ts';
import { type Notified, planNotifications, sendNotifications } from '../notify/notify.ts';
import { readReport } from '../runs/judging/reference.ts';
import { brokenReport, eventOf, occasionOf, reportBefore } from '../runs/life/notifier.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { runArgument } from './options/runs.ts';
import { sectionsOf } from './options/settings.ts';
import { table } from './output/table.ts';

/** Exit status when somebody could not be told. */
const FAILED = 3;

export const notifyCommand = defineCommand(
  (command) =>
    runArgument(command)
      .option('event', {
        choices: ['started', 'finished'] as const,
        default: 'finished' as const,
        describe: 'What they are told',
      })
      .option('channel', { type: 'string', requiresArg: true, describe: 'Only this one' })
      .option('jira', { type: 'string', requiresArg: true, describe: 'Key of the JIRA issue to comment on' })
      .option('force', { type: 'boolean', default: false, describe: 'Whatever the conditions of the channels say' })
      .option('dry-run', {
        alias: 'n',
        type: 'boolean',
        default: false,
        describe: 'Show exactly what would be sent; secrets are neither read nor shown',
      })
      .check(({ jira }) => {
        if (jira === undefined || issueKey.safeParse(jira).success) return true;
        throw new InputError([{ message: `--jira ${jira}: expected a key like ALIROOT-1234` }]);
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const record = run.readRecord();
    const { event } = args;
    if (event === 'finished' && record.state !== 'ended') {
      throw new InputError([{ message: `${record.id} has not finished; --event started tells that it has started` }]);
    }
    const { notify, serve } = sectionsOf(args);
    const report = event === 'finished' ? (readReport(run) ?? brokenReport(record)) : undefined;
    const steps = report?.steps.length ?? record.totals.steps;
    const occasion = occasionOf(record, { event, steps, report, publicUrl: serve.publicUrl });
    const planned = planNotifications(notify, occasion, {
      before: report && reportBefore(run, record),
      issue: args.jira ?? record.request.jira,
      force: args.force,
    }).filter(({ channel }) => args.channel === undefined || channel === args.channel);
    if (args.channel !== undefined && planned.length === 0) {
      throw new InputError([{ message: `relval.yaml has no channel ${args.channel}` }]);
    }
    if (args.dryRun) {
      process.stdout.write(args.json ? `${JSON.stringify(planned, null, 2)}\n` : dryRunText(planned));
      return;
    }
    const told: Notified[] = [];
    await sendNotifications(notify, planned, (one) => {
      told.push(one);
      run.appendEvent({ time: Date.now(), ...eventOf(event, one) });
    });
    const place = ({ channel }: Notified): number => planned.findIndex((one) => one.channel === channel);
    told.sort((a, b) => place(a) - place(b));
    if (args.json) console.log(JSON.stringify(told, null, 2));
    else console.log(table(rows(told, planned)) || 'relval.yaml names nobody: it has no notify.channels');
    process.exitCode = told.some(({ outcome }) => outcome === 'failed') ? FAILED : 0;
  },
);

function rows(told: readonly Notified[], planned: readonly { channel: string; skipped?: string | undefined }[]) {
  const skipped = planned.flatMap(({ channel, skipped }) => (skipped === undefined ? [] : [['-', channel, skipped]]));
  const mark = { sent: pc.green('✓'), failed: pc.red('✗') };
  const done = told.map(({ channel, outcome, message }) => [
    mark[outcome],
    channel,
    `${outcome}${message ? `: ${message}` : ''}`,
  ]);
  return [...done, ...skipped];
}
