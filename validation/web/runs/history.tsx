import { useEffect, useState } from 'preact/hooks';
import type { History } from '../../server/api.ts';
import { Strip } from '../parts/strip.tsx';
import { apiPath, workflowPath } from '../routes.ts';
import { getJson } from '../state/server.ts';

/** The last 30 runs of each workflow, the oldest at the left, to show changes. @param changed counts events */
export function HistoryStrips({ changed }: { changed: number }) {
  const [history, setHistory] = useState<History>();
  const bucket = Math.floor(changed / 20);
  // The data are requested again after enough events.
  useEffect(() => {
    const abort = new AbortController();
    getJson<History>(apiPath(['history'], { limit: 30 }), abort.signal).then(setHistory, () => {});
    return () => abort.abort();
  }, [bucket]);
  if (!history || history.workflows.length === 0) return null;
  return (
    <section class="history" aria-label="The last runs of each workflow">
      {history.workflows.slice(0, 12).map(({ workflow, name, runs }) => (
        <div key={`${workflow} ${name}`}>
          <a class="strip-name" href={workflowPath(name)} title={`History of ${name}`}>
            {name}
          </a>
          <Strip
            runs={runs
              .toSorted((a, b) => a.created - b.created)
              .map(({ id, status, newErrors }) => ({
                run: id,
                status,
                words: `${id}: ${status}${newErrors ? `, ${newErrors} new errors` : ''}`,
              }))}
          />
        </div>
      ))}
    </section>
  );
}
