import type { PartCase } from '../../report/parts.ts';
import { counted } from '../../units/count.ts';
import { DIFFERENT } from '../result.ts';
import { type Details, describeReferences, totalCounts, worstObjects } from './details.ts';

/**
 * A case for each object that is not compatible, and one for all with the numbers of each state. A case that differs is
 * a failure whatever the policy says; of others nothing can be said, or not enough.
 */
export function renderJunit(details: Details): PartCase[] {
  const group = 'histograms';
  const numbers = totalCounts(details);
  const total = numbers.reduce((sum, [, n]) => sum + n, 0);
  const text = numbers.map(([state, n]) => `${n} ${state}`).join(', ');
  const message = total > 0 ? text : describeReferences(details);
  return [
    { group, name: counted(total, 'histogram'), kind: total > 0 ? 'passed' : 'skipped', message },
    ...worstObjects(details).map(({ file, object: { name, state, reason } }): PartCase => {
      const kind = DIFFERENT.has(state) ? 'failure' : 'skipped';
      return { group, name: `${file.step} ${file.file} ${name}`, kind, message: `${state}: ${reason}` };
    }),
  ];
}
