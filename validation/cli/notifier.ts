import { dirname } from 'node:path';
import pc from 'picocolors';
import type { Argv } from 'yargs';
import { dryRunText } from '../notify/dry-run.ts';
import { type Notified, planNotifications, sendNotifications } from '../notify/notify.ts';
import type { NotifyEvent, Occasion } from '../notify/words.ts';
import type { Report } from '../report/model.ts';
import { readReport } from '../runs/judging/reference.ts';
import type { RunJournal } from '../runs/store/journal.ts';
import type { RunRecord } from '../runs/store/record.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { sectionsOf } from './settings.ts';

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

export interface NotifierOptions {
  config?: unknown;
  jira?: string | undefined;
  notify: boolean;
  notifyDryRun: boolean;
}

/** Tells of one run: never fails it, and never waits longer than it is configured to. */
export interface Notifier {
  /** Goes on while the run does. */
  started(steps: number): void;
  finished(report: Report): Promise<void>;
}

/** @throws InputError for a configuration with mistakes */
export function notifierOf(journal: RunJournal, options: NotifierOptions): Notifier {
  const { notify, serve } = sectionsOf({ config: options.config });
  if (!options.notify) return { started: () => {}, finished: async () => {} };
  const { run } = journal;
  let earlier: Promise<void> = Promise.resolve();
  const tell = async (event: NotifyEvent, steps: number, report?: Report): Promise<void> => {
    const { record } = journal;
    const occasion = occasionOf(record, { event, steps, report, publicUrl: serve.publicUrl });
    const planned = planNotifications(notify, occasion, {
      before: report && reportBefore(run, record),
      issue: options.jira ?? record.request.jira,
    });
    if (options.notifyDryRun) process.stderr.write(`\n${event}:\n${dryRunText(planned)}`);
    else await sendNotifications(notify, planned, (one) => journal.add(eventOf(event, one)));
  };
  const guarded = (event: NotifyEvent, steps: number, report?: Report): Promise<void> =>
    tell(event, steps, report).catch((error) => warn(`notifications: ${(error as Error).message}`));
  journal.onEvent((event) => {
    if (event.type === 'notified' && event.outcome === 'failed')
      warn(`${event.channel} was not told: ${event.message}`);
  });
  return {
    started: (steps) => {
      earlier = guarded('started', steps);
    },
    finished: async (report) => {
      await Promise.all([earlier, guarded('finished', report.steps.length, report)]);
    },
  };
}

function warn(message: string): void {
  console.error(`${pc.yellow('warning')}: ${message}`);
}

/** The line of events.ndjson about one channel. */
export function eventOf(event: NotifyEvent, notified: Notified) {
  return { type: 'notified', event, ...notified } as const;
}

type Rest = Pick<Occasion, 'event' | 'steps' | 'report' | 'publicUrl'>;

/** What of a run's record is told. */
export function occasionOf({ id, name, workflow, release, created }: RunRecord, rest: Rest): Occasion {
  return { run: id, name, workflow, release, started: created, ...rest };
}

/** The report of the newest run before, of the same name and workflow, that came to an end of its own. */
export function reportBefore(run: RunDir, { id, name, workflow, created }: RunRecord): Report | undefined {
  const before = new RunStore(dirname(run.path))
    .list()
    .filter(({ record }) => record.id !== id && record.created <= created)
    .filter(({ record }) => record.name === name && record.workflow === workflow)
    .filter(({ record }) => record.verdict !== undefined && record.verdict !== 'interrupted');
  const last = before.at(-1);
  return last && (readReport(last.run) ?? brokenReport(last.record));
}

/** In the place of a report, of a run that could not even be judged. */
export function brokenReport(record: RunRecord): Report {
  const { id, name, workflow, created, ended, verdict = 'broken', reason = '', totals } = record;
  const { steps, succeeded, failed, broken } = totals;
  return {
    schema: 'relval-report-1',
    run: id,
    name,
    workflow,
    verdict,
    reason,
    start: created,
    end: ended ?? created,
    totals: { steps, succeeded, failed, broken, notRun: steps - succeeded - failed - broken, errors: 0, warnings: 0 },
    findings: [],
    steps: [],
    provenance: {},
  };
}
