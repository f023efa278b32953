import { dirname } from 'node:path';
import { dryRunText } from '../../notify/dry-run.ts';
import { type Notified, planNotifications, sendNotifications } from '../../notify/notify.ts';
import type { NotifySettings } from '../../notify/settings.ts';
import type { NotifyEvent, Occasion } from '../../notify/words.ts';
import type { Report } from '../../report/model.ts';
import { readReport } from '../judging/reference.ts';
import type { RunJournal } from '../store/journal.ts';
import type { RunRecord } from '../store/record.ts';
import { type RunDir, RunStore } from '../store/store.ts';

export interface NotifyOptions {
  /** The channels; undefined: none. */
  settings: NotifySettings | undefined;
  /** Address of the page, for the links. */
  publicUrl?: string | undefined;
  /** JIRA issue that replaces the configured ones. */
  jira?: string | undefined;
  /** Gets the text of the messages; then nothing is sent. */
  dryRun?: ((text: string) => void) | undefined;
  /** Gets a sentence about a message that could not be sent. */
  warn: (message: string) => void;
}

/** Sends the notifications of one run. It never fails the run, and never takes longer than configured. */
export interface Notifier {
  /** Sends while the run continues. */
  started(steps: number): void;
  finished(report: Report): Promise<void>;
}

export function notifierOf(journal: RunJournal, options: NotifyOptions): Notifier {
  const { settings, publicUrl, jira, dryRun, warn } = options;
  if (!settings) return { started: () => {}, finished: async () => {} };
  const { run } = journal;
  let earlier: Promise<void> = Promise.resolve();
  const tell = async (event: NotifyEvent, steps: number, report?: Report): Promise<void> => {
    const { record } = journal;
    const planned = planNotifications(settings, occasionOf(record, { event, steps, report, publicUrl }), {
      before: report && reportBefore(run, record),
      issue: jira ?? record.request.jira,
    });
    if (dryRun) dryRun(`\n${event}:\n${dryRunText(planned)}`);
    else await sendNotifications(settings, planned, (one) => journal.add(eventOf(event, one)));
  };
  const guarded = (event: NotifyEvent, steps: number, report?: Report): Promise<void> =>
    tell(event, steps, report).catch((error) => warn(`notifications: ${(error as Error).message}`));
  journal.onEvent((event) => {
    if (event.type === 'notified' && event.outcome === 'failed')
      warn(`channel ${event.channel} could not be notified: ${event.message}`);
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

/** The event about one channel. */
export function eventOf(event: NotifyEvent, notified: Notified) {
  return { type: 'notified', event, ...notified } as const;
}

type Rest = Pick<Occasion, 'event' | 'steps' | 'report' | 'publicUrl'>;

/** The parts of a run's record that messages contain. */
export function occasionOf({ id, name, workflow, release, created }: RunRecord, rest: Rest): Occasion {
  return { run: id, name, workflow, release, started: created, ...rest };
}

/** The report of the previous run of the same name and workflow that was not interrupted. */
export function reportBefore(run: RunDir, { id, name, workflow, created }: RunRecord): Report | undefined {
  const before = new RunStore(dirname(run.path))
    .list()
    .filter(({ record }) => record.id !== id && record.created <= created)
    .filter(({ record }) => record.name === name && record.workflow === workflow)
    .filter(({ record }) => record.verdict !== undefined && record.verdict !== 'interrupted');
  const last = before.at(-1);
  return last && (readReport(last.run) ?? brokenReport(last.record));
}

/** Replaces the report of a run that could not be judged. */
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
