import type { CheckKind } from '../../checks/kind.ts';
import { histogramCheck } from '../../histograms/check/kind.ts';

/** The kinds of checks in addition to the search of logs, one line each, in the order of the reports. */
export const KINDS: readonly CheckKind[] = [histogramCheck];

/** Their parts of reports. */
export const PARTS = KINDS.map(({ part }) => part);
