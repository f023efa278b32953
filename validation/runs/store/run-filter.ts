import { globMatches } from '../../workflow/glob.ts';
import { type RunStatus, type RunSummary, STATUSES } from './record.ts';

/** Selects runs. A run must match all given conditions. */
export interface RunFilter {
  status?: readonly RunStatus[];
  /** Globs (`*`, `?`) for the workflow, the name and the release. */
  workflow?: string;
  name?: string;
  release?: string;
  /** ms since 1970: the run started at this time or later. */
  since?: number;
  /** Whether a person has accepted it. */
  accepted?: boolean;
}

/** Whether a run matches a filter. */
export function fits(filter: RunFilter, record: RunSummary, status: RunStatus): boolean {
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

/** Parses states of runs such as `failed,broken`. @returns `unknown`: the word that is not a state */
export function parseStatuses(text: string): RunStatus[] | { unknown: string } {
  const words = text.split(',').map((word) => word.trim());
  const unknown = words.find((word) => !(STATUSES as readonly string[]).includes(word));
  return unknown === undefined ? (words as RunStatus[]) : { unknown };
}
