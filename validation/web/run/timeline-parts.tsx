import { BY_URGENCY, SYMBOL } from '../../graph/states.ts';
import { stateWord } from '../../report/step-states.ts';
import type { CriticalPath } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { stepPath } from '../routes.ts';

/** The legend of the colours and lines of the timeline. */
export function Legend() {
  return (
    <ul class="legend soft" aria-label="Legend">
      {BY_URGENCY.filter((state) => state !== 'waiting' && state !== 'submitted').map((state) => (
        <li key={state}>
          <span class="swatch" style={{ '--colour': `var(--${state}-line)` }} aria-hidden="true">
            {SYMBOL[state]}
          </span>{' '}
          {stateWord(state)}
        </li>
      ))}
      <li>
        <span class="wait" aria-hidden="true" /> waits for a worker
      </li>
      <li>
        <span class="critical" aria-hidden="true" /> critical path
      </li>
    </ul>
  );
}

/** The largest number of listed steps of the critical path. A longer path shows its first and last steps. */
const NAMED = 12;

/** The critical path: the steps that decided when the run ended. */
export function Critical({ run, path }: { run: string; path: CriticalPath['steps'] }) {
  if (path.length === 0) return null;
  const waited = path.reduce((sum, step) => sum + step.waited, 0);
  const left = path.length - NAMED;
  const shown = left > 0 ? [...path.slice(0, NAMED / 2), ...path.slice(-NAMED / 2)] : path;
  return (
    <details class="critical-path">
      <summary>
        Critical path: {counted(path.length, 'step')}
        {waited >= 1 && `, ${formatDuration(waited)} of waiting`}
      </summary>
      <ol>
        {shown.map(({ id, waited: before, ran }, n) => (
          <li key={id} value={left > 0 && n >= NAMED / 2 ? n + 1 + left : n + 1}>
            <a href={stepPath(run, id)}>{id}</a> ran {formatDuration(ran)}
            {before >= 1 && (
              <span class="soft">
                , began {formatDuration(before)} after {n === 0 ? 'the run' : 'the step before it ended'}
              </span>
            )}
          </li>
        ))}
      </ol>
      {left > 0 && <p class="soft">and {left} more between them</p>}
    </details>
  );
}
