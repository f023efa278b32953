import { BY_URGENCY, SYMBOL } from '../../graph/states.ts';
import { stateWord } from '../../report/step-states.ts';
import type { RunDetail, StageSummary } from '../../server/api.ts';
import { formatCount } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { pathOf } from '../routes.ts';
import { isActive } from '../words.ts';

/** The stages with their steps by state: an overview of the progress. */
export function Stages({ detail }: { detail: RunDetail }) {
  if (detail.stages.length === 0) return null;
  return (
    <section class="stages" aria-label="Stages">
      {detail.stages.map((stage) => (
        <Stage key={`${stage.phase} ${stage.name}`} run={detail.id} stage={stage} runEnded={!isActive(detail.status)} />
      ))}
    </section>
  );
}

function Stage({ run, stage, runEnded }: { run: string; stage: StageSummary; runEnded: boolean }) {
  const present = BY_URGENCY.filter((state) => stage.counts[state] > 0);
  return (
    <a class="stage" href={pathOf(['runs', run], { view: 'steps', stage: stage.name })}>
      <strong>{stage.name}</strong>
      <span class="bar" aria-hidden="true">
        {present.map((state) => (
          <span key={state} class={`part s-${state}`} style={{ flexGrow: stage.counts[state] }} />
        ))}
      </span>
      <span>
        {present.map((state) => (
          <span key={state} class={`state s-${state}`}>
            {SYMBOL[state]} {formatCount(stage.counts[state])} {stateWord(state, runEnded)}{' '}
          </span>
        ))}
      </span>
      {stage.medianSeconds !== undefined && <span class="soft">median {formatDuration(stage.medianSeconds)}</span>}
    </a>
  );
}
