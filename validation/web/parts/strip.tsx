import { SYMBOL } from '../../graph/states.ts';
import type { RunStatus } from '../../runs/store/record.ts';
import { runPath } from '../routes.ts';
import { LOOK } from '../words.ts';

interface Mark {
  run: string;
  status: RunStatus;
  /** The words for a screen reader and the pointer. */
  words: string;
  /** The run does not exist any more. */
  removed?: true | undefined;
}

/** Runs as small squares, each a link. @param runs the oldest first */
export function Strip({ runs }: { runs: readonly Mark[] }) {
  return (
    <ol class="strip">
      {runs.map(({ run, status, words, removed }) => {
        const inner = (
          <>
            <span aria-hidden="true">{SYMBOL[LOOK[status]]}</span>
            <span class="visually-hidden">{words}</span>
          </>
        );
        return (
          <li key={run}>
            {removed ? (
              <span class={`square s-${LOOK[status]}`} title={words}>
                {inner}
              </span>
            ) : (
              <a class={`square s-${LOOK[status]}`} href={runPath(run)} title={words}>
                {inner}
              </a>
            )}
          </li>
        );
      })}
    </ol>
  );
}
