import type { ComponentChildren } from 'preact';
import { useId, useRef, useState } from 'preact/hooks';
import { post, ServerError } from '../state/server.ts';
import { storedToken, storeToken } from '../state/token.ts';

/** An action that changes runs. It has a button and a dialog that asks for the token. */
export interface Action {
  /** The text of the button and in the dialog, for example `Stop`. */
  name: string;
  title: string;
  /** A sentence about the effect. */
  meaning: string;
  /** Why it is not possible now; absent: it is possible. */
  obstacle?: string | undefined;
  /** The path and the body of the request. */
  request: (form: FormData) => { path: string; body: unknown };
  onDone: () => void;
  /** More fields of the form. */
  children?: ComponentChildren;
}

/** The button of an action. If the action is not possible, the button is grey, and its title and a click show the reason. */
export function ActionButton({ action }: { action: Action }) {
  const { name, obstacle } = action;
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const title = useId();
  const close = (): void => {
    dialog.current?.close();
    setOpen(false);
  };
  return (
    <>
      <button
        type="button"
        class={obstacle === undefined ? undefined : 'unavailable'}
        title={obstacle}
        onClick={() => {
          setOpen(true);
          dialog.current?.showModal();
        }}
      >
        {name}…
      </button>
      <dialog ref={dialog} aria-labelledby={title} onClose={() => setOpen(false)}>
        {isOpen && obstacle === undefined && <ActionForm action={action} title={title} close={close} />}
        {isOpen && obstacle !== undefined && (
          <form class="action" method="dialog">
            <h2 id={title}>{action.title}</h2>
            <p>Not possible now: {obstacle}.</p>
            <p class="buttons">
              <button type="submit">Close</button>
            </p>
          </form>
        )}
      </dialog>
    </>
  );
}

function ActionForm({ action, title, close }: { action: Action; title: string; close: () => void }) {
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const token = String(form.get('token'));
    setBusy(true);
    try {
      const { path, body } = action.request(form);
      await post(path, token, body);
      storeToken(token);
      close();
      action.onDone();
    } catch (error) {
      const refused = error instanceof ServerError && error.status === 401;
      setProblem(refused ? 'The server does not take this token.' : (error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="action" onSubmit={submit}>
      <h2 id={title}>{action.title}</h2>
      <p>{action.meaning}</p>
      {action.children}
      <label>
        Token of the server
        <input name="token" type="password" required autocomplete="off" defaultValue={storedToken()} />
      </label>
      {problem && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
      <p class="buttons">
        <button type="submit" disabled={busy}>
          {action.name}
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
      </p>
    </form>
  );
}

/** The obstacle on a server without a token. */
export const READ_ONLY = 'this server only shows runs (relval serve --token-file FILE lets it change them)';
