import { describeChange, excerpt, groupFindings, oneLine, sortChanges } from '../report/groups.ts';
import type { Finding, Report } from '../report/model.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import type { Link, Scope, Value } from './template.ts';

export type NotifyEvent = 'started' | 'finished';

/** The data about a run for a message. */
export interface Occasion {
  event: NotifyEvent;
  run: string;
  name: string;
  workflow: string;
  release?: string | undefined;
  steps: number;
  /** ms since 1970. */
  started: number;
  /** When the run ended. */
  report?: Report | undefined;
  /** Address of the page, from `serve.publicUrl`. */
  publicUrl?: string | undefined;
}

/** Most errors of one component, fixed findings, and steps of one error that are listed. */
const LISTED = 8;
const STEPS = 3;
/** Longest line of a log, in characters. */
const MESSAGE = 220;

/** Words of a template and their meanings; words of lists are allowed only inside `{{#list}}…{{/list}}`. */
export const WORDS = {
  event: '`started` or `finished`',
  run: 'id of the run',
  name: 'name of the run',
  workflow: 'workflow of the run',
  release: 'release under test, if it is known',
  steps: 'number of steps; in `findings` their names',
  started: 'start time of the run, UTC',
  took: 'duration of the run',
  verdict: '`PASSED`, `FAILED`, `BROKEN` or `INTERRUPTED`',
  reason: 'one sentence that gives the reason for the verdict',
  reference: 'the reference: the run with which this run was compared',
  errors: 'number of errors; findings with the same fingerprint count once',
  warnings: 'number of warnings; findings with the same fingerprint count once',
  new: 'number of new errors; without a reference, of all errors',
  known: 'number of errors that the reference had too',
  components: 'list: components with new errors; those with most errors come first',
  component: 'in `components`: name of the component',
  contacts: 'in `components`: contacts of the component',
  findings: 'in `components`: list of the new errors',
  message: 'in `findings` and `fixed`: the line of the log',
  rule: 'in `findings` and `fixed`: the rule that found it',
  log: 'in `findings`: link to the line, if `serve.publicUrl` is set',
  more: 'in `components`: number of new errors that are not listed',
  fixed: 'list: errors of the reference that this run does not have any more',
  changes: 'list: times and sizes that changed',
  change: 'in `changes`: a sentence about one change',
  page: 'link to the run’s page, if `serve.publicUrl` is set',
  report: 'link to the report, if `serve.publicUrl` is set',
} as const satisfies Record<string, string>;

export const NAMES: ReadonlySet<string> = new Set(Object.keys(WORDS));
type Words = { readonly [Name in keyof typeof WORDS]?: Value };

/** An error that speaks against the release and that the reference does not have (or there is no reference). */
export function isNew(finding: Finding): boolean {
  return finding.severity === 'error' && finding.age !== 'known';
}

/** The values for templates. */
export function wordsOf(occasion: Occasion): Scope {
  const { event, run, name, workflow, release, steps, started, report, publicUrl } = occasion;
  const words: Words = { event, run, name, workflow, release, steps, started: formatUtc(started) };
  const page = link(publicUrl, 'open the run', 'runs', run);
  if (!report) return { ...words, page };
  const fresh = groupFindings(report.findings.filter(isNew));
  const known = groupFindings(report.findings.filter(({ age, severity }) => severity === 'error' && age === 'known'));
  const more: Words = {
    took: formatDuration((report.end - report.start) / 1000),
    verdict: report.verdict.toUpperCase(),
    reason: report.reason,
    reference: report.reference?.run,
    errors: report.totals.errors,
    warnings: report.totals.warnings,
    new: fresh.length,
    known: known.length,
    components: componentsOf(report, occasion),
    fixed: groupFindings(report.fixed ?? [])
      .slice(0, LISTED)
      .map(({ first }) => ({ message: { code: excerpt(first, MESSAGE) }, rule: first.rule })),
    changes: sortChanges(report.changes ?? [])
      .slice(0, LISTED)
      .map((change) => ({ change: describeChange(change) })),
    page,
    report: link(publicUrl, 'report', 'api', 'v1', 'runs', run, 'report?format=html'),
  };
  return { ...words, ...more };
}

/** New errors by component, in the order of the report's components. */
function componentsOf(report: Report, { publicUrl, run }: Occasion): Scope[] {
  const groups = groupFindings(report.findings.filter(isNew));
  const named = report.components ?? [];
  const order = [...new Set([...named.map(({ name }) => name), ...groups.map(({ first }) => first.component)])];
  return order.flatMap((component): Scope[] => {
    const own = groups.filter(({ first }) => first.component === component);
    if (own.length === 0) return [];
    const words: Words = {
      component: component ?? 'No component',
      contacts: named.find(({ name }) => name === component)?.contacts.join(', '),
      new: own.length,
      findings: own.slice(0, LISTED).map(
        ({ first, steps }): Words => ({
          message: { code: oneLine(first, MESSAGE) },
          rule: first.rule,
          steps:
            steps.length > STEPS
              ? `${steps.slice(0, STEPS).join(', ')} and ${steps.length - STEPS} more`
              : steps.join(', '),
          log: logLink(publicUrl, run, first),
        }),
      ),
      more: own.length > LISTED ? own.length - LISTED : undefined,
    };
    return [words];
  });
}

/** The addresses of the page: see validation/web/routes.ts. */
function link(base: string | undefined, label: string, ...path: string[]): Link | undefined {
  return base === undefined ? undefined : { url: `${base.replace(/\/+$/, '')}/${path.join('/')}`, label };
}

function logLink(base: string | undefined, run: string, { step, attempt, file, line }: Finding): Link | undefined {
  if (file === undefined) return undefined;
  const stream = file.replace(/^(stdout|stderr)\.log$/, '$1');
  const query = new URLSearchParams({ stream: stream.replace(/\p{Cs}/gu, '\ufffd'), attempt: String(attempt) });
  const place = line === undefined ? '' : `#L${line}`;
  return link(base, 'log', 'runs', run, 'steps', `${encodeURIComponent(step)}?${query}${place}`);
}
