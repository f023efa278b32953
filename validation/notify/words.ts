import { describeChange, excerpt, groupFindings, sortChanges, tell } from '../report/groups.ts';
import type { Finding, Report } from '../report/model.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import type { Link, Scope, Value } from './template.ts';

export type NotifyEvent = 'started' | 'finished';

/** What is known of a run when somebody is told about it. */
export interface Occasion {
  event: NotifyEvent;
  run: string;
  name: string;
  workflow: string;
  release?: string | undefined;
  steps: number;
  /** ms since 1970. */
  started: number;
  /** When it has finished. */
  report?: Report | undefined;
  /** Where users find the page, as `serve.publicUrl` says. */
  publicUrl?: string | undefined;
}

/** Troubles of one component, fixed troubles, and steps in one of them that are listed. */
const LISTED = 8;
const STEPS = 3;
/** Characters of a line of a log. */
const MESSAGE = 220;

/** Words of a template, with what they mean; those in lists stand only inside `{{#list}}…{{/list}}`. */
export const WORDS = {
  event: '`started` or `finished`',
  run: 'id of the run',
  name: 'its name',
  workflow: 'its workflow',
  release: 'release under test, where it is known',
  steps: 'number of steps; in `findings` their names',
  started: 'time of its start, UTC',
  took: 'how long it took',
  verdict: '`PASSED`, `FAILED`, `BROKEN` or `INTERRUPTED`',
  reason: 'one sentence that says why',
  reference: 'the run it was compared with',
  errors: 'number of errors; what is the same counts once',
  warnings: 'number of warnings; what is the same counts once',
  new: 'number of new troubles; without a reference of all',
  known: 'number of those that the reference had, too',
  components: 'list: components with new errors, those with most first',
  component: 'in `components`: its name',
  contacts: 'in `components`: contacts',
  findings: 'in `components`: list of the new troubles',
  message: 'in `findings` and `fixed`: the line of the log',
  rule: 'in `findings` and `fixed`: the rule that found it',
  log: 'in `findings`: link to the line, where `serve.publicUrl` is set',
  more: 'in `components`: number of troubles that are not listed',
  fixed: 'list: troubles of the reference that are gone',
  changes: 'list: what takes more or less than it did',
  change: 'in `changes`: a sentence',
  page: 'link to the run’s page, where `serve.publicUrl` is set',
  report: 'link to its report, where `serve.publicUrl` is set',
} as const satisfies Record<string, string>;

export const NAMES: ReadonlySet<string> = new Set(Object.keys(WORDS));
type Words = { readonly [Name in keyof typeof WORDS]?: Value };

/** An error that speaks against the release, and that the reference run did not have (or there was none). */
export function isNew(finding: Finding): boolean {
  return finding.severity === 'error' && finding.age !== 'known';
}

/** What templates are filled in with. */
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

/** New troubles by component, in the report's order of those who must look. */
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
          message: { code: tell(first, MESSAGE) },
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
