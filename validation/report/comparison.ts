import pc from 'picocolors';
import type { Comparison } from '../checks/compare.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { describeChange, sortChanges } from './groups.ts';
import type { Report } from './model.ts';
import { printable } from './printable.ts';
import { findingLines } from './text.ts';

/** Lines of each part that are shown: `--json` has all. */
const SHOWN = 50;

/** How run B differs from run A, for a terminal. */
export function renderComparison(
  a: Report,
  b: Report,
  comparison: Comparison,
  { colour }: { colour: boolean },
): string {
  const c = pc.createColors(colour);
  const title = (text: string): string[] => ['', c.bold(text)];
  const { fixed, steps } = comparison;
  const findings = [...comparison.new, ...comparison.known];
  const reference = { run: a.run, start: a.start, runs: [] };
  const ofFindings = findingLines({ ...b, findings, fixed, reference }, c);
  const changed = steps.filter(({ stateA, stateB }) => stateA !== stateB);
  const changes = sortChanges(comparison.changes);
  const lines = [
    `A  ${headOf(a)}`,
    `B  ${headOf(b)}`,
    ...(ofFindings.length > 0 ? ofFindings : title('Findings: none in either')),
    ...(changed.length > 0 ? title(`Steps that ended otherwise: ${changed.length}`) : []),
    ...cut(
      changed.map(
        ({ id, stateA, stateB }) => `  ${printable(id)}: ${stateA ?? 'not there'} → ${stateB ?? 'not there'}`,
      ),
    ),
    ...(changes.length > 0 ? title(`Not as it was: ${changes.length}`) : []),
    ...cut(changes.map((change) => `  ${printable(describeChange(change))}`)),
  ];
  return `${lines.join('\n')}\n`;
}

function headOf({ run, verdict, start, end }: Report): string {
  return `${printable(run)}: ${verdict}, ${formatUtc(start)}, took ${formatDuration((end - start) / 1000)}`;
}

function cut(lines: readonly string[]): string[] {
  const rest = lines.length - SHOWN;
  return rest > 0 ? [...lines.slice(0, SHOWN), `  and ${rest} more, see --json`] : [...lines];
}
