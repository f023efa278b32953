import type { PartCase } from '../../report/parts.ts';
import { describeKnown, totalCounts, worstObjects } from '../show/summary.ts';
import type { Details } from './details.ts';

/**
 * One case with the number of objects in each state, and one for each object that is not compatible. An object that differs is
 * a failure if the policy lets it fail the run. Without a reference there are no cases.
 */
export function renderJunit(details: Details): PartCase[] {
  const group = 'histograms';
  const numbers = totalCounts(details);
  const total = numbers.reduce((sum, [, n]) => sum + n, 0);
  const text = numbers.map(([state, n]) => `${n} ${state}`).join(', ');
  if (details.references.length === 0) return [];
  return [
    { group, name: 'compared', kind: total > 0 ? 'passed' : 'skipped', message: `${text}${describeKnown(details)}` },
    ...worstObjects(details).map(({ file, object: { name, state, severity, reason, age } }): PartCase => {
      const kind = severity === 'error' ? 'failure' : 'skipped';
      return {
        group,
        name: `${file.step} ${file.file} ${name}`,
        kind,
        message: `${state}${age === undefined ? '' : ` (${age})`}: ${reason}`,
      };
    }),
  ];
}
