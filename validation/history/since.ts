import type { Finding } from '../report/model.ts';
import type { Since } from '../report/since.ts';
import type { HistoryLine } from './line.ts';
import { keyOf } from './make-line.ts';
import type { Night } from './nights.ts';
import { findingCourses } from './things.ts';
import { MOST_NIGHTS, nightName } from './trend.ts';

/**
 * Since when the findings of a run are there.
 * @param earlier the nights before it, oldest first
 * @param own the line of the run itself
 * @param findings of the run; each has its key in the line
 * @returns by the fingerprint of the finding. A finding is missing if no earlier night can tell whether it had it
 */
export function sinceOf(
  earlier: readonly Night[],
  own: HistoryLine,
  findings: readonly Finding[],
): Record<string, Since> {
  const nights = [...earlier.slice(1 - MOST_NIGHTS), own];
  const last = nights.length - 1;
  const name = (n: number) => nightName(nights[n] as Night);
  const courses = new Map(findingCourses(nights, last).map((course) => [course.key, course]));
  const found = new Map<string, Since>();
  for (const finding of findings) {
    const { fingerprint } = finding;
    if (fingerprint === undefined || found.has(fingerprint)) continue;
    const of = courses.get(keyOf(finding));
    if (!of || of.lastBad !== last || of.known < 2 || of.course === 'fixed') continue;
    const { course, firstBad, lastGood, bad, known } = of;
    const unknown = lastGood === undefined ? 0 : firstBad - lastGood - 1;
    found.set(fingerprint, {
      ...{ course, first: name(firstBad), bad, known },
      ...(lastGood !== undefined && { lastGood: name(lastGood) }),
      ...(unknown > 0 && { unknown }),
    });
  }
  return Object.fromEntries(found);
}
