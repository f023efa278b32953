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
  /** Who is told; undefined: nobody. */
  settings: NotifySettings | undefined;
  /** Where the page is, for the links. */
  publicUrl?: string | undefined;
  /** JIRA issue in the place of the configured ones. */
  jira?: string | undefined;
  /** Gets the text of what would be sent; then nothing is sent. */
  dryRun?: ((text: string) => void) | undefined;
  /** Gets a sentence about what could not be sent. */
  warn: (message: string) => void;
}

/** Tells of one run. It never fails the run, and never takes longer than configured. */
export interface Notifier {
  /** Goes on while the run does. */
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
