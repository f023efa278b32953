import { counted } from '../units/count.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import {
  describeChange,
  describeStates,
  describeTotals,
  excerpt,
  type FindingGroup,
  placeOf,
  sectionsOf,
  sortChanges,
  summarizeStages,
} from './groups.ts';
import type { Report, Severity, Verdict } from './model.ts';
import { type Paint, paintIn } from './paint.ts';
import { fromParts, type ReportPart } from './parts.ts';
import { printable } from './printable.ts';
import { describeSince, sinceIn } from './since.ts';

/** The largest number of groups of findings, of names of steps in a group, and of changes that are shown. */
const GROUPS = 50;
const STEPS = 5;
const CHANGES = 20;
/** The largest number of characters of a line of a log: three lines of a terminal. */
const MESSAGE = 220;

/** The style of a report. `when` formats a time (ms since 1970); default: in UTC. */
export interface Style {
  colour: boolean;
  when?: (ms: number) => string;
}

/** The report for a terminal, verdict first. All text from logs is made printable, so that a terminal obeys none of it. */
export function renderText(report: Report, style: Style, parts: readonly ReportPart[] = []): string {
  const { colour, when = formatUtc } = style;
  const c = paintIn(colour);
  const lines = ['', c.bold('Provenance')];
  lines.push(`  workflow: ${printable(report.workflow)}`);
  lines.push(`  time: ${when(report.start)}, took ${formatDuration((report.end - report.start) / 1000)}`);
  for (const [key, value] of Object.entries(report.provenance)) {
    lines.push(`  ${printable(key)}: ${printable(Array.isArray(value) ? value.join(', ') : value)}`);
  }
  return `${renderResult(report, style, parts)}${lines.join('\n')}\n`;
}

/** The report without its provenance, for a user who has just started the run. */
export function renderResult(
  report: Report,
  { colour, when = formatUtc }: Style,
  parts: readonly ReportPart[] = [],
): string {
  const c = paintIn(colour);
  const lines: string[] = [];
  lines.push(`${c.bold(colourOf(c, report.verdict)(report.verdict.toUpperCase()))}  ${printable(report.run)}`);
  lines.push(printable(report.reason));
  lines.push(...(report.heldUp ?? []).map(printable));
  if (report.reference) lines.push(c.dim(describeReference(report.reference, when)));

  lines.push(...findingLines(report, c));
  const changes = sortChanges(report.changes ?? []);
  if (changes.length > 0) {
    lines.push('', c.bold(`Times and sizes that changed: ${changes.length}`));
    lines.push(...changes.slice(0, CHANGES).map((change) => `  ${printable(describeChange(change))}`));
    if (changes.length > CHANGES) lines.push(`  and ${changes.length - CHANGES} more, see report.json`);
  }
  for (const [heading = '', ...rest] of fromParts(report.checks, parts, (part, details) => part.text(details))) {
    lines.push('', c.bold(heading), ...rest);
  }
  const { components = [] } = report;
  if (components.length > 0) lines.push('', c.bold('Components and contacts'), ...components.map(describeComponent));

  const { unneeded = [] } = report;
  if (unneeded.length > 0) {
    lines.push('', c.bold(`Exceptions that excused nothing: ${unneeded.length}`));
    lines.push(...unneeded.slice(0, CHANGES).map((one) => `  ${printable(`${one.rule}: ${one.exception}`)}`));
    if (unneeded.length > CHANGES) lines.push(`  and ${unneeded.length - CHANGES} more, see report.json`);
  }

  lines.push('', c.bold(`Steps: ${report.totals.steps}`));
  const stages = summarizeStages(report.steps);
  const width = Math.max(0, ...stages.map(({ stage }) => stage.length));
  for (const { stage, steps, states, median, longest } of stages) {
    const one = median === undefined ? '' : `, ${formatDuration(median)}`;
    const time = steps === 1 || one === '' ? one : `, median ${one.slice(2)}, longest ${formatDuration(longest ?? 0)}`;
    const isGood = states.size === 1 && states.has('succeeded');
    const text = describeStates(states);
    lines.push(`  ${printable(stage).padEnd(width)}  ${isGood ? text : c.yellow(text)}${c.dim(time)}`);
  }
  return `${lines.join('\n')}\n`;
}

function colourOf(c: Paint, what: Verdict | Severity): (text: string) => string {
  return {
    passed: c.green,
    failed: c.red,
    broken: c.yellow,
    interrupted: c.yellow,
    error: c.red,
    warning: c.yellow,
    info: c.dim,
  }[what];
}

/** The findings under their headings. */
export function findingLines(report: Report, c: Paint): string[] {
  return sectionsOf(report).flatMap(({ name, title, groups }) => {
    const shown = groups.slice(0, GROUPS).flatMap((group) => {
      const { severity, rule, known, expired, component, trace, lastLines } = group.first;
      const of = component === undefined ? '' : c.dim(` (${printable(component)})`);
      const since = name === 'fixed' ? undefined : sinceIn(report, group.first);
      const label = name === 'fixed' ? c.green('fixed') : colourOf(c, severity)(severity);
      return [
        `  ${label} ${printable(rule)} in ${printable(whereOf(group))}${of}`,
        `    ${printable(excerpt(group.first, MESSAGE))}`,
        ...(lastLines ? [c.dim(`    ${printable(`${lastLines.file} ends: ${lastLines.lines.at(-1)}`)}`)] : []),
        ...(since ? [c.dim(`    ${printable(describeSince(since.of, since.run))}`)] : []),
        ...(trace ? [c.dim(`    in ${printable(trace.join(', called by '))}`)] : []),
        ...(expired ? [c.yellow(`    the exception has expired: ${printable(expired)}`)] : []),
        ...(known ? [c.dim(`    excused: ${printable(known)}`)] : []),
      ];
    });
    const rest = groups.length > GROUPS ? [`  and ${groups.length - GROUPS} more, see report.json`] : [];
    return ['', c.bold(title), ...shown, ...rest];
  });
}

function describeReference(
  { run, start, runs }: NonNullable<Report['reference']>,
  when: (ms: number) => string,
): string {
  const others = runs.filter((one) => one !== run).length;
  const more = others > 0 ? `; times and sizes are compared with ${counted(others, 'more run')} before it` : '';
  return `compared with ${printable(run)} of ${when(start)}${more}`;
}

function describeComponent({ name, contacts, errors, newErrors, warnings }: NonNullable<Report['components']>[number]) {
  const recent = newErrors > 0 ? `${newErrors} new of ` : '';
  const who = contacts.length > 0 ? contacts.join(', ') : 'no contact';
  return `  ${printable(name)}: ${recent}${describeTotals({ errors, warnings })}; ${printable(who)}`;
}

/** `sim0003, logs/rec.log:25` or `sim0003, sim0004 and 7 more steps, logs/rec.log`. */
function whereOf({ first, steps, count }: FindingGroup): string {
  const named = steps.slice(0, STEPS).join(', ');
  const others = steps.length > STEPS ? ` and ${counted(steps.length - STEPS, 'more step')}` : '';
  const place = steps.length === 1 && count === 1 ? placeOf(first) : first.file;
  const times = count > steps.length ? `, ${count} times` : '';
  return `${named}${others}${place ? `, ${place}` : ''}${times}`;
}
