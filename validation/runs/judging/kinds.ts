import type { CheckKind } from '../../checks/kind.ts';
import { histogramCheck } from '../../histograms/check/kind.ts';

/** The kinds of checks beside the search of logs, in the order in which reports show them: a line for each. */
export const KINDS: readonly CheckKind[] = [histogramCheck];

/** What they add to the renderings of a report. */
export const PARTS = KINDS.map(({ part }) => part);
