import type { Comparison } from '../checks/compare.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { describeChange, sortChanges } from './groups.ts';
import type { Report } from './model.ts';
import { paintIn } from './paint.ts';
import { printable } from './printable.ts';
import { findingLines, type Style } from './text.ts';

/** The largest number of lines of each part; `--json` has all. */
const SHOWN = 50;

/** The comparison of run B with run A, for a terminal. */
export function renderComparison(
  a: Report,
  b: Report,
  comparison: Comparison,
  { colour, when = formatUtc }: Style,
): string {
  const c = paintIn(colour);
  const title = (text: string): string[] => ['', c.bold(text)];
  const { fixed, steps } = comparison;
  const findings = [...comparison.new, ...comparison.known];
  const reference = { run: a.run, start: a.start, runs: [] };
  const ofFindings = findingLines({ ...b, findings, fixed, reference }, c);
  const changed = steps.filter(({ stateA, stateB }) => stateA !== stateB);
  const changes = sortChanges(comparison.changes);
  const lines = [
    `A  ${headOf(a, when)}`,
    `B  ${headOf(b, when)}`,
    ...(ofFindings.length > 0 ? ofFindings : title('Findings: none in either')),
    ...(changed.length > 0 ? title(`Steps that ended differently: ${changed.length}`) : []),
    ...cut(
      changed.map(
        ({ id, stateA, stateB }) => `  ${printable(id)}: ${stateA ?? 'no such step'} → ${stateB ?? 'no such step'}`,
      ),
    ),
    ...(changes.length > 0 ? title(`Times and sizes that changed: ${changes.length}`) : []),
    ...cut(changes.map((change) => `  ${printable(describeChange(change))}`)),
  ];
  return `${lines.join('\n')}\n`;
}

function headOf({ run, verdict, start, end }: Report, when: (ms: number) => string): string {
  return `${printable(run)}: ${verdict}, ${when(start)}, took ${formatDuration((end - start) / 1000)}`;
}

function cut(lines: readonly string[]): string[] {
  const rest = lines.length - SHOWN;
  return rest > 0 ? [...lines.slice(0, SHOWN), `  and ${rest} more, see --json`] : [...lines];
}
