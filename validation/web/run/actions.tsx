import { useRef, useState } from 'preact/hooks';
import type { RunDetail, ServerInfo } from '../../server/api.ts';
import { apiPath } from '../routes.ts';
import { post, ServerError, useResource } from '../state/server.ts';
import { isActive } from '../words.ts';
import type { LiveRun } from './live.ts';

type Action = 'stop' | 'resume' | 'accept';

const KEY = 'relval-token';
const MEANING: Record<Action, string> = {
  stop: 'Its steps are taken from the workers; what was done stays, and it can be resumed.',
  resume: 'It goes on where it ended; steps that succeeded are not repeated.',
  accept: 'It is marked as good by a person, with a note that says why.',
};

/** What can be done with the run. The token is asked for when it is needed, and forgotten with the window. */
export function Actions({ run, detail }: { run: LiveRun; detail: RunDetail }) {
  const { data: server } = useResource<ServerInfo>(apiPath(['server']));
  const [action, setAction] = useState<Action>();
  const dialog = useRef<HTMLDialogElement>(null);
  const { status } = detail;
  const possible: Action[] = isActive(status) ? ['stop'] : status === 'passed' ? [] : ['resume', 'accept'];
  const open = (next: Action): void => {
    setAction(next);
    dialog.current?.showModal();
  };
  return (
    <p class="actions">
      {server?.actions &&
        possible
          .filter((one) => one !== 'accept' || !detail.accepted)
          .map((one) => (
            <button key={one} type="button" onClick={() => open(one)}>
              {one.charAt(0).toUpperCase() + one.slice(1)}…
            </button>
          ))}
      <dialog ref={dialog} aria-labelledby="action-title">
        {action && (
          <ActionForm
            key={action}
            action={action}
            id={detail.id}
            onDone={() => {
              dialog.current?.close();
              setAction(undefined);
              run.reload();
            }}
            onCancel={() => {
              dialog.current?.close();
              setAction(undefined);
            }}
          />
        )}
      </dialog>
    </p>
  );
}

function ActionForm(props: { action: Action; id: string; onDone: () => void; onCancel: () => void }) {
  const { action, id, onDone, onCancel } = props;
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const token = String(form.get('token'));
    setBusy(true);
    try {
      const note = form.get('note');
      await post(apiPath(['runs', id, action]), token, note === null ? {} : { note: String(note) });
      sessionStorage.setItem(KEY, token);
      onDone();
    } catch (error) {
      const refused = error instanceof ServerError && (error.status === 401 || error.status === 403);
      setProblem(refused ? 'The server does not take this token.' : (error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="action" onSubmit={submit}>
      <h2 id="action-title">
        {action.charAt(0).toUpperCase() + action.slice(1)} {id}?
      </h2>
      <p>{MEANING[action]}</p>
      {action === 'accept' && (
        <label>
          Why it is good
          <textarea name="note" required maxLength={1000} rows={3} />
        </label>
      )}
      <label>
        Token of the server
        <input
          name="token"
          type="password"
          required
          autocomplete="off"
          defaultValue={sessionStorage.getItem(KEY) ?? ''}
        />
      </label>
      {problem && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
      <p class="buttons">
        <button type="submit" disabled={busy}>
          {action.charAt(0).toUpperCase() + action.slice(1)}
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
      </p>
    </form>
  );
}
