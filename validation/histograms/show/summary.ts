import { counted } from '../../units/count.ts';
import type { Details, FileDetails, ObjectDetails } from '../check/details.ts';
import { STATES } from './states.ts';

/** The number of objects in each state, in all files. */
export function totalCounts({ files }: Details): [state: string, n: number][] {
  return STATES.map((state): [string, number] => [
    state,
    files.reduce((sum, { counts }) => sum + (counts[state] ?? 0), 0),
  ]).filter(([, n]) => n > 0);
}

/** The listed objects of all files with their files, the worst first. */
export function worstObjects({ files }: Details): { file: FileDetails; object: ObjectDetails }[] {
  return files
    .flatMap((one) => one.objects.map((own) => ({ file: one, object: own })))
    .sort(
      (a, b) =>
        STATES.indexOf(a.object.state) - STATES.indexOf(b.object.state) ||
        Number(b.object.critical) - Number(a.object.critical),
    );
}

/** `; 2 known differences; 1 fixed`; empty if there are none. */
export function describeKnown({ files }: Details): string {
  const sum = (pick: (file: FileDetails) => number) => files.reduce((total, file) => total + pick(file), 0);
  const [known, fixed] = [sum((file) => file.known), sum((file) => file.fixed)];
  return `${known > 0 ? `; ${counted(known, 'known difference')}` : ''}${fixed > 0 ? `; ${fixed} fixed` : ''}`;
}

/** `compared with gpmc-1 and 2 more`, or a sentence that there is no reference. */
export function describeReferences({ references: [first, ...others] }: Details): string {
  if (first === undefined) return 'no reference: no good run before this one has outputs to compare with';
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return `compared with ${first}${more}`;
}
