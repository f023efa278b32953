import { useEffect, useState } from 'preact/hooks';

/** What the server, or the way to it, said no to. `status` 0: it was not reached. */
export class ServerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The answer, parsed. Its shape is the server's word: page and server are of one version. @throws {ServerError} */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await get(path, signal);
  return (await response.json()) as T;
}

/** @throws {ServerError} */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await get(path, signal)).text();
}

/** Some bytes of a file, from one up to but not including another, as text. @throws {ServerError} */
export async function getPart(path: string, from: number, to: number, signal?: AbortSignal): Promise<string> {
  const response = await get(path, signal, { headers: { Range: `bytes=${from}-${to - 1}` } });
  if (response.status === 206) return response.text();
  // A proxy may have left the range out.
  return new TextDecoder().decode((await response.arrayBuffer()).slice(from, to));
}

/** An action. @throws {ServerError} */
export async function post(path: string, token: string, body: unknown): Promise<void> {
  await get(path, undefined, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function get(path: string, signal?: AbortSignal, how: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { ...how, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ServerError(0, 'The server does not answer.');
  }
  if (!response.ok) throw new ServerError(response.status, await messageOf(response));
  return response;
}

async function messageOf(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error?: { message?: unknown } };
    if (typeof body.error?.message === 'string') return body.error.message;
  } catch {
    // not an answer of ours: a proxy's, perhaps
  }
  return `The server answered ${response.status} ${response.statusText}.`;
}

export interface Resource<T> {
  data: T | undefined;
  error: ServerError | undefined;
  reload: () => void;
}

/**
 * What is at a path, asked for when it is shown and when the path changes. Old data stays while the same path is asked
 * again; an unreachable server is asked again until it answers.
 * @param everyMs ask again this often; absent: once
 */
export function useResource<T>(path: string | undefined, everyMs?: number): Resource<T> {
  const [state, setState] = useState<{ path?: string; data?: T; error?: ServerError }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      let again = everyMs;
      try {
        const data = await getJson<T>(path, abort.signal);
        setState({ path, data });
      } catch (error) {
        if (abort.signal.aborted) return;
        const known = error instanceof ServerError ? error : new ServerError(0, String(error));
        setState((before) => ({ ...(before.path === path && before), path, error: known }));
        if (known.status === 0 || known.status >= 500) again ??= 2000;
      }
      if (again !== undefined && !abort.signal.aborted) timer = setTimeout(ask, again);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, turn]);
  const current = state.path === path ? state : {};
  return { data: current.data, error: current.error, reload: () => setTurn((before) => before + 1) };
}
