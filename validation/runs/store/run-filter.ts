import { globMatches } from '../../workflow/glob.ts';
import { type RunRecord, type RunStatus, STATUSES } from './record.ts';

/** Which runs are wanted: those that fit all that is given. */
export interface RunFilter {
  status?: readonly RunStatus[];
  /** Globs (`*`, `?`) of the workflow, of the name and of the release. */
  workflow?: string;
  name?: string;
  release?: string;
  /** ms since 1970: the run was started then, or later. */
  since?: number;
  /** Whether a person has accepted it. */
  accepted?: boolean;
}

/** Whether a run is wanted. */
export function fits(filter: RunFilter, record: RunRecord, status: RunStatus): boolean {
  const like = (glob: string | undefined, text = ''): boolean => glob === undefined || globMatches(glob, text);
  return (
    (filter.status === undefined || filter.status.includes(status)) &&
    like(filter.workflow, record.workflow) &&
    like(filter.name, record.name) &&
    like(filter.release, record.release) &&
    record.created >= (filter.since ?? 0) &&
    (filter.accepted === undefined || filter.accepted === (record.accepted !== undefined))
  );
}

/** A text such as `failed,broken` as states of runs. @returns the word that is none */
export function parseStatuses(text: string): RunStatus[] | { unknown: string } {
  const words = text.split(',').map((word) => word.trim());
  const unknown = words.find((word) => !(STATUSES as readonly string[]).includes(word));
  return unknown === undefined ? (words as RunStatus[]) : { unknown };
}
