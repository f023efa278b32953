import { KnownFindings } from '../report/known.ts';
import type { Finding, Report } from '../report/model.ts';
import { globMatches } from '../workflow/glob.ts';
import type { Channel } from './settings.ts';
import { isNew, type Occasion } from './words.ts';

/** Why a channel gets no message about an event; undefined when it gets one. `before`: the report of the run before. */
export function whyNot(
  channel: Channel,
  occasion: Occasion,
  before: Report | undefined,
  issue?: string,
): string | undefined {
  const { event, report, workflow, name } = occasion;
  if (!channel.events.includes(event)) return `it gets no message when a run has ${event}`;
  if (channel.type === 'jira' && (issue ?? channel.issue) === undefined)
    return 'it has no issue: neither `issue` nor --jira names one';
  if (channel.workflows?.every((glob) => !globMatches(glob, workflow) && !globMatches(glob, name)))
    return `it is not for ${name} of workflow ${workflow}`;
  if (!report) return undefined;
  if (channel.verdicts && !channel.verdicts.includes(report.verdict))
    return `it gets no message when a run has ${report.verdict}`;
  if (channel.onlyOnChange && before && !hasChanged(report, before)) return `nothing has changed since ${before.run}`;
  return undefined;
}

/** Whether the verdict or the set of new errors is different. */
export function hasChanged(now: Report, before: Report): boolean {
  if (now.verdict !== before.verdict) return true;
  const [ours, theirs] = [now.findings.filter(isNew), before.findings.filter(isNew)];
  return !areAmong(ours, theirs) || !areAmong(theirs, ours);
}

function areAmong(findings: readonly Finding[], others: readonly Finding[]): boolean {
  const known = new KnownFindings(others);
  return findings.every((finding) => known.has(finding));
}
