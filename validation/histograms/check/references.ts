import type { Subject } from '../../checks/kind.ts';
import type { Scratch } from './archive.ts';
import { type Located, withoutCopies } from './locate.ts';
import { fileOf, locateMarked, type Marked } from './marked.ts';
import { referenceFile, wantedOf } from './reference-files.ts';

/** A reference file, and its origin: a run, or an address that the user gave. */
export interface GoodFile {
  from: string;
  path: string;
  size: number;
}

/** Reference files of one output, or why there are none. */
export type GoodFiles = { files: GoodFile[] } | { reason: string };

/** The files with which an output is compared: those at the addresses that the user gave, else those of good runs. */
export async function referencesOf(subject: Subject, marked: Marked, scratch: Scratch): Promise<GoodFiles> {
  const { referenceFiles = [] } = subject;
  return referenceFiles.length > 0
    ? ofAddresses(subject, referenceFiles, marked)
    : ofRuns(subject.references, marked, scratch);
}

/**
 * A second set of references. An object that differs from the first set but not from this one is known or fixed. If the user
 * gave files, these are the files of good runs; else the files of runs before a difference was accepted.
 */
export async function secondReferencesOf(subject: Subject, marked: Marked, scratch: Scratch): Promise<GoodFiles> {
  return hasFiles(subject)
    ? ofRuns(subject.references, marked, scratch)
    : ofRuns(subject.before ?? [], marked, scratch);
}

/** Whether the user gave reference files. */
export function hasFiles({ referenceFiles = [] }: Pick<Subject, 'referenceFiles'>): boolean {
  return referenceFiles.length > 0;
}

async function ofAddresses(
  { steps }: Pick<Subject, 'steps'>,
  addresses: readonly string[],
  marked: Marked,
): Promise<GoodFiles> {
  const directories = steps.flatMap(({ outputDir }) => outputDir ?? []);
  const wanted = wantedOf(fileOf(marked), marked.step.outputDir, directories);
  const located: ({ from: string } & Located)[] = [];
  for (const address of addresses) {
    const file = await referenceFile(address, wanted).catch((error: Error) => ({ reason: error.message }));
    if (file) located.push({ from: address, ...file });
  }
  return good(located, 'the reference files hold no such output');
}

async function ofRuns(runs: Subject['references'], marked: Marked, scratch: Scratch): Promise<GoodFiles> {
  const located: ({ from: string } & Located)[] = [];
  for (const { run, steps } of runs) {
    const other = steps.find(({ id }) => id === marked.step.id);
    if (!other?.outputs.some(({ name }) => name === marked.name)) continue;
    located.push({ from: run, ...(await locateMarked(other.outputDir, marked, scratch)) });
  }
  return good(located, 'the reference has no such output of this step');
}

async function good(located: readonly ({ from: string } & Located)[], none: string): Promise<GoodFiles> {
  const there = located.flatMap((one) => ('path' in one ? [one] : []));
  if (there.length > 0) return { files: await withoutCopies(there) };
  const [first] = located;
  return { reason: first && 'reason' in first ? `in ${first.from}: ${first.reason}` : none };
}
