import { SYMBOL } from '../../graph/states.ts';
import type { StepState } from '../../report/model.ts';
import { stateWord } from '../../report/step-states.ts';
import type { RunStatus } from '../../runs/store/record.ts';
import { LOOK } from '../words.ts';

/** A state as a word, a symbol and a colour. */
export function StepBadge({ state, runEnded }: { state: StepState; runEnded?: boolean }) {
  return (
    <span class={`badge s-${state}`}>
      <span aria-hidden="true">{SYMBOL[state]}</span> {stateWord(state, runEnded)}
    </span>
  );
}

export function RunBadge({ status }: { status: RunStatus }) {
  return (
    <span class={`badge s-${LOOK[status]}`}>
      <span aria-hidden="true">{SYMBOL[LOOK[status]]}</span> {status}
    </span>
  );
}
