import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { EventMessage, RunPage, RunSummary } from '../../server/api.ts';
import { apiPath } from '../routes.ts';
import { getJson, ServerError } from '../state/server.ts';
import { keepOpen } from '../state/socket.ts';

const PAGE = 100;

export interface RunFilter {
  status: string;
  workflow: string;
  search: string;
}

interface Runs {
  list: RunSummary[];
  total?: number;
  next?: string | undefined;
  unreadable?: RunPage['unreadable'] | undefined;
}

/** The runs that match a filter, page by page. The server's events keep them up to date. */
export function useRuns(filter: RunFilter) {
  const { status, workflow, search } = filter;
  const [state, setState] = useState<Runs>({ list: [] });
  const [error, setError] = useState<ServerError>();
  const [turn, setTurn] = useState(0);
  const [changed, setChanged] = useState(0);
  const loading = useRef(false);
  const reload = useCallback(() => setTurn((before) => before + 1), []);

  // Asked anew in each turn
  useEffect(() => {
    const abort = new AbortController();
    // A search starts when the user stops typing.
    const timer = setTimeout(
      async () => {
        try {
          const page = await getJson<RunPage>(
            apiPath(['runs'], { limit: PAGE, status, workflow, search }),
            abort.signal,
          );
          const { runs: list, total, next, unreadable } = page;
          setState({ list, total, next, unreadable });
          setError(undefined);
        } catch (problem) {
          if (!abort.signal.aborted)
            setError(problem instanceof ServerError ? problem : new ServerError(0, String(problem)));
        }
      },
      turn === 0 && search === '' ? 0 : 150,
    );
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [status, workflow, search, turn]);

  useEffect(() => {
    let first = true;
    const socket = keepOpen<EventMessage>(() => apiPath(['events']), {
      onOpen: () => {
        // Events while the socket was closed are lost.
        if (!first) reload();
        first = false;
      },
      onMessage: (message) => {
        if (message.type !== 'run') return;
        setState((before) => {
          const at = before.list.findIndex(({ id }) => id === message.run.id);
          if (at < 0) return before;
          return { ...before, list: before.list.with(at, message.run) };
        });
        setChanged((before) => before + 1);
        if (!known.current.has(message.run.id)) reload();
        known.current.add(message.run.id);
      },
    });
    return () => socket.close();
  }, [reload]);

  const known = useRef(new Set<string>());
  for (const { id } of state.list) known.current.add(id);

  const more = useCallback(async () => {
    if (loading.current || state.next === undefined) return;
    loading.current = true;
    try {
      const page = await getJson<RunPage>(
        apiPath(['runs'], { limit: PAGE, status, workflow, search, before: state.next }),
      );
      setState((before) => {
        const there = new Set(before.list.map(({ id }) => id));
        return {
          list: [...before.list, ...page.runs.filter(({ id }) => !there.has(id))],
          total: page.total,
          next: page.next,
          unreadable: before.unreadable,
        };
      });
    } catch {
      // the button stays, so that the user can try again
    } finally {
      loading.current = false;
    }
  }, [state.next, status, workflow, search]);

  return { ...state, error, reload, changed, more: state.next === undefined ? undefined : more };
}
