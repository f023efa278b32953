import { counted } from '../../units/count.ts';
import { isLive, type RunStatus } from '../store/record.ts';

/** The data that decide about a run. Times in ms since 1970. */
export interface KeptRun {
  id: string;
  path: string;
  name: string;
  workflow: string;
  status: RunStatus;
  /** A person has accepted it. */
  accepted: boolean;
  created: number;
  /** Bytes that removing it would free. */
  size: number;
  /** Directory of the run whose outputs it was started with. */
  from?: string | undefined;
  /** Id, or directory, of the run with whose outputs it was, or is to be, compared. */
  reference?: string | undefined;
}

export interface RetentionPolicy {
  /** Seconds since it was created. */
  olderThan?: number | undefined;
  /** Runs of each name to keep. */
  keep?: number | undefined;
  /** Bytes of all runs together. */
  maxSize?: number | undefined;
}

/** Why a run is kept or removed. */
export interface RetentionDecision {
  run: KeptRun;
  remove: boolean;
  reason: string;
}

/** Failed runs are kept this many times as long, because people investigate them later. */
const FAILED_FACTOR = 2;

/**
 * Decides which runs are removed: those older than the policy allows; those beyond the number to keep for each workflow and
 * name; and the oldest ones, while all runs together are too large. Never removed are a run that is under way, an accepted
 * run, the last good run of its workflow and name, and a run whose outputs another run may still need. Failed runs are kept
 * twice as long. Neither age nor number removes the reference of a run that stays: its outputs show how they differ. For
 * their size, references and failed runs are the last to be removed.
 * @param now ms since 1970
 * @returns a decision for each run, in the order of `runs`
 */
export function decideRetention(runs: readonly KeptRun[], policy: RetentionPolicy, now: number): RetentionDecision[] {
  const protectedBy = protections(runs);
  const removals = new Map<KeptRun, string>();
  const free = runs.filter((run) => !protectedBy.has(run)).sort((a, b) => a.created - b.created);
  if (policy.olderThan !== undefined) {
    for (const run of free) {
      const age = (now - run.created) / 1000;
      if (age > policy.olderThan * factorOf(run)) removals.set(run, `${counted(Math.floor(age / 86_400), 'day')} old`);
    }
  }
  if (policy.keep !== undefined) {
    for (const run of free) {
      const newer = runs.filter(
        (other) => groupOf(other) === groupOf(run) && isFailed(other) === isFailed(run) && other.created > run.created,
      ).length;
      if (newer >= policy.keep * factorOf(run) && !removals.has(run))
        removals.set(run, `there are ${newer} newer runs`);
    }
  }
  const references = referencesOf(
    runs.filter((run) => !removals.has(run)),
    runs,
  );
  for (const [run, by] of references) {
    if (removals.delete(run)) protectedBy.set(run, `the reference of ${by}`);
  }
  if (policy.maxSize !== undefined) {
    let total = sum(runs) - sum([...removals.keys()]);
    const isLast = (run: KeptRun) => isFailed(run) || references.has(run);
    const candidates = [...free.filter((run) => !isLast(run)), ...free.filter(isLast)];
    for (const run of candidates) {
      if (total <= policy.maxSize) break;
      if (removals.has(run)) continue;
      removals.set(run, 'all runs together are too large');
      total -= run.size;
    }
  }
  return runs.map((run) => {
    const reason = removals.get(run);
    if (reason !== undefined) return { run, remove: true, reason };
    return { run, remove: false, reason: protectedBy.get(run) ?? 'within the limits' };
  });
}

/** The references of runs, each with the id of one of these. */
function referencesOf(kept: readonly KeptRun[], all: readonly KeptRun[]): Map<KeptRun, string> {
  const byName = new Map(all.flatMap((run) => [[run.id, run] as const, [run.path, run] as const]));
  const references = new Map<KeptRun, string>();
  for (const { reference, id } of kept) {
    const run = reference === undefined ? undefined : byName.get(reference);
    if (run) references.set(run, id);
  }
  return references;
}

function protections(runs: readonly KeptRun[]): Map<KeptRun, string> {
  const protectedBy = new Map<KeptRun, string>();
  const lastGood = new Map<string, KeptRun>();
  for (const run of runs) {
    const other = lastGood.get(groupOf(run));
    if (run.status === 'passed' && (!other || other.created < run.created)) lastGood.set(groupOf(run), run);
  }
  for (const run of lastGood.values()) protectedBy.set(run, 'the last good run');
  for (const run of runs) {
    if (run.accepted) protectedBy.set(run, 'accepted');
    // A run that has ended does not need its source: it has its own links to the files.
    if (run.status === 'passed' || run.status === 'failed' || run.from === undefined) continue;
    const source = runs.find(({ path }) => path === run.from);
    if (source && !protectedBy.has(source)) protectedBy.set(source, `${run.id} needs its outputs`);
  }
  for (const run of runs) if (isLive(run.status)) protectedBy.set(run, 'under way');
  return protectedBy;
}

/** Runs of the same kind: the same workflow and the same name. */
function groupOf({ workflow, name }: KeptRun): string {
  return `${workflow}\n${name}`;
}

function isFailed({ status }: KeptRun): boolean {
  return status === 'failed';
}

function factorOf(run: KeptRun): number {
  return isFailed(run) ? FAILED_FACTOR : 1;
}

function sum(runs: readonly KeptRun[]): number {
  return runs.reduce((total, { size }) => total + size, 0);
}
