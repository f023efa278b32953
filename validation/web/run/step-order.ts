import { BY_URGENCY } from '../../graph/states.ts';
import type { StepSummary } from '../../server/api.ts';

export const COLUMNS = [
  { id: 'id', text: 'Step', className: 'c-id' },
  { id: 'state', text: 'State', className: 'c-state' },
  { id: 'seconds', text: 'Time', className: 'c-number' },
  { id: 'cpuTime', text: 'CPU', className: 'c-number wide' },
  { id: 'peakMemory', text: 'Memory', className: 'c-number wide' },
  { id: 'attempt', text: 'Attempt', className: 'c-number wide' },
  { id: 'host', text: 'Host', className: 'c-host wide' },
  { id: 'message', text: 'Message', className: 'c-message' },
] as const;
export type Column = (typeof COLUMNS)[number]['id'];

export interface StepFilter {
  search: string;
  stage: string;
  state: string;
}

/** The steps that match a filter. The search covers the id, the host and the message, without regard to case. */
export function filterSteps(steps: readonly StepSummary[], { search, stage, state }: StepFilter): StepSummary[] {
  const wanted = search.toLowerCase();
  const holds = (text: string | undefined): boolean => text?.toLowerCase().includes(wanted) ?? false;
  return steps.filter(
    (step) =>
      (stage === '' || step.stage === stage) &&
      (state === '' || step.state === state) &&
      (wanted === '' || holds(step.id) || holds(step.host) || holds(step.worker) || holds(step.message)),
  );
}

const collator = new Intl.Collator('en', { numeric: true });

/** States that need attention. */
const BAD: readonly StepSummary['state'][] = ['failed', 'broken', 'aborted'];

/**
 * @param by a column, with `-` before it for descending order. Steps without a value are always last. Empty: steps that need
 *   attention first, then the others in the order of the plan
 */
export function sortSteps(steps: readonly StepSummary[], by: string): readonly StepSummary[] {
  const down = by.startsWith('-');
  const column = COLUMNS.find(({ id }) => id === (down ? by.slice(1) : by))?.id;
  if (!column) {
    const bad = steps.filter(({ state }) => BAD.includes(state));
    return bad.length === 0 ? steps : [...bad, ...steps.filter(({ state }) => !BAD.includes(state))];
  }
  const keyed = steps.map((step) => ({ step, key: keyOf(step, column) }));
  const sign = down ? -1 : 1;
  keyed.sort(({ key: a }, { key: b }) => {
    if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
    return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b)));
  });
  return keyed.map(({ step }) => step);
}

function keyOf(step: StepSummary, column: Column): string | number | undefined {
  if (column === 'state') return BY_URGENCY.indexOf(step.state);
  if (column === 'host') return step.host ?? step.worker;
  return step[column];
}
