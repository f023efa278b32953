import pc from 'picocolors';
import {
  describeStates,
  describeTotals,
  type FindingGroup,
  groupFindings,
  placeOf,
  summarizeStages,
} from './groups.ts';
import type { Report, Severity, Verdict } from './model.ts';
import { printable } from './printable.ts';
import { formatDuration, formatUtc } from './time.ts';

/** Groups of findings, and names of steps in one of them, that are shown. */
const GROUPS = 50;
const STEPS = 5;

/** The report for a terminal or an e-mail: first the answer. Nothing from a log reaches a terminal as a command to it. */
export function renderText(report: Report, { colour }: { colour: boolean }): string {
  const c = pc.createColors(colour);
  const paint = {
    verdict: { passed: c.green, failed: c.red, broken: c.yellow, interrupted: c.yellow } satisfies Record<
      Verdict,
      unknown
    >,
    severity: { error: c.red, warning: c.yellow, info: c.dim } satisfies Record<Severity, unknown>,
  };
  const lines: string[] = [];
  lines.push(`${c.bold(paint.verdict[report.verdict](report.verdict.toUpperCase()))}  ${printable(report.run)}`);
  lines.push(printable(report.reason), '');

  const groups = groupFindings(report.findings);
  lines.push(c.bold(`Findings: ${describeTotals(report.totals)}`));
  for (const group of groups.slice(0, GROUPS)) {
    const { severity, rule, message, known } = group.first;
    lines.push(`  ${paint.severity[severity](severity)} ${printable(rule)} in ${printable(whereOf(group))}`);
    lines.push(`    ${printable(message.trim())}`);
    if (known) lines.push(c.dim(`    known: ${printable(known)}`));
  }
  if (groups.length > GROUPS) lines.push(`  and ${groups.length - GROUPS} more, see report.json`);

  lines.push('', c.bold(`Steps: ${report.totals.steps}`));
  const stages = summarizeStages(report.steps);
  const width = Math.max(0, ...stages.map(({ stage }) => stage.length));
  for (const { stage, states, median, longest } of stages) {
    const time =
      median === undefined ? '' : `, median ${formatDuration(median)}, longest ${formatDuration(longest ?? 0)}`;
    const isGood = states.size === 1 && states.has('succeeded');
    const text = describeStates(states);
    lines.push(`  ${printable(stage).padEnd(width)}  ${isGood ? text : c.yellow(text)}${c.dim(time)}`);
  }

  lines.push('', c.bold('Provenance'));
  lines.push(`  workflow: ${printable(report.workflow)}`);
  lines.push(`  time: ${formatUtc(report.start)}, took ${formatDuration((report.end - report.start) / 1000)}`);
  for (const [key, value] of Object.entries(report.provenance)) {
    lines.push(`  ${printable(key)}: ${printable(Array.isArray(value) ? value.join(', ') : value)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** `sim0003, logs/rec.log:25` or `sim0003, sim0004 and 7 more steps, logs/rec.log`. */
function whereOf({ first, steps, count }: FindingGroup): string {
  const named = steps.slice(0, STEPS).join(', ');
  const others = steps.length > STEPS ? ` and ${steps.length - STEPS} more steps` : '';
  const place = steps.length === 1 && count === 1 ? placeOf(first) : first.file;
  const times = count > steps.length ? `, ${count} times` : '';
  return `${named}${others}${place ? `, ${place}` : ''}${times}`;
}
