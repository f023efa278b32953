import { KnownTroubles } from '../report/known.ts';
import type { Finding, Report } from '../report/model.ts';
import { globMatches } from '../workflow/glob.ts';
import type { Channel } from './settings.ts';
import { isNew, type Occasion } from './words.ts';

/** Why a channel is not told about an occasion; undefined when it is. `before`: the report of the run before. */
export function whyNot(
  channel: Channel,
  occasion: Occasion,
  before: Report | undefined,
  issue?: string,
): string | undefined {
  const { event, report, workflow, name } = occasion;
  if (!channel.events.includes(event)) return `is not told when a run has ${event}`;
  if (channel.type === 'jira' && (issue ?? channel.issue) === undefined) return 'no issue: neither `issue` nor --jira';
  if (channel.workflows?.every((glob) => !globMatches(glob, workflow) && !globMatches(glob, name)))
    return `is not for ${name} of workflow ${workflow}`;
  if (!report) return undefined;
  if (channel.verdicts && !channel.verdicts.includes(report.verdict))
    return `is not told when a run has ${report.verdict}`;
  if (channel.onlyOnChange && before && !hasChanged(report, before)) return `nothing has changed since ${before.run}`;
  return undefined;
}

/** Another verdict, or other new errors. */
export function hasChanged(now: Report, before: Report): boolean {
  if (now.verdict !== before.verdict) return true;
  const [ours, theirs] = [now.findings.filter(isNew), before.findings.filter(isNew)];
  return !areAmong(ours, theirs) || !areAmong(theirs, ours);
}

function areAmong(findings: readonly Finding[], others: readonly Finding[]): boolean {
  const known = new KnownTroubles(others);
  return findings.every((finding) => known.has(finding));
}
