import { useId, useRef, useState } from 'preact/hooks';
import type { Finding } from '../../report/model.ts';
import type { ExceptionText, ServerInfo } from '../../server/api.ts';
import { copy } from '../log/copy.ts';
import { apiPath } from '../routes.ts';
import { getJson, post, ServerError } from '../state/server.ts';
import { storedToken, storeToken } from '../state/token.ts';

const DAY_MS = 86_400_000;
/** Days for which a finding is excused, unless somebody says otherwise. */
const DAYS = 30;

/** Writes the exception for a finding: as text to copy, or into the rule file that the server names. */
export function Except({ run, finding, server }: { run: string; finding: Finding; server: ServerInfo }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const title = useId();
  return (
    <p class="except">
      <button
        type="button"
        class="quiet"
        onClick={() => {
          setOpen(true);
          dialog.current?.showModal();
        }}
      >
        Except…
      </button>
      <dialog ref={dialog} aria-labelledby={title} onClose={() => setOpen(false)}>
        {isOpen && (
          <Form run={run} finding={finding} server={server} title={title} close={() => dialog.current?.close()} />
        )}
      </dialog>
    </p>
  );
}

interface FormProps {
  run: string;
  finding: Finding;
  server: ServerInfo;
  title: string;
  close: () => void;
}

function Form({ run, finding, server, title, close }: FormProps) {
  const [said, setSaid] = useState<{ text: string; isBad: boolean }>();
  const [yaml, setYaml] = useState<string>();
  const canWrite = server.actions && server.exceptions;
  const path = apiPath(['runs', run, 'exception']);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement, event.submitter);
    const excuse = {
      finding: finding.fingerprint ?? '',
      reason: String(form.get('reason')),
      owner: String(form.get('owner')),
      until: String(form.get('until')),
    };
    try {
      if (form.get('do') === 'write') {
        const token = String(form.get('token'));
        await post(path, token, excuse);
        storeToken(token);
        setSaid({ text: 'The exception is in the rule file. Later runs use it.', isBad: false });
      } else {
        const answer = await getJson<ExceptionText>(`${path}?${new URLSearchParams(excuse)}`);
        setYaml(answer.yaml);
        setSaid(undefined);
      }
    } catch (error) {
      const isRefused = error instanceof ServerError && error.status === 401;
      setSaid({ text: isRefused ? 'The server does not take this token.' : (error as Error).message, isBad: true });
    }
  };
  return (
    <form class="action" onSubmit={submit}>
      <h2 id={title}>Except this finding</h2>
      <p>
        An exception excuses this finding, and findings like it, in later runs. It has a reason, an owner and a last
        day.
      </p>
      <label>
        Reason
        <textarea name="reason" required maxLength={1000} rows={2} />
      </label>
      <label>
        Owner: who looks after it
        <input name="owner" required maxLength={200} />
      </label>
      <label>
        Last day (UTC)
        <input
          name="until"
          type="date"
          required
          defaultValue={new Date(Date.now() + DAYS * DAY_MS).toISOString().slice(0, 10)}
        />
      </label>
      {canWrite && (
        <label>
          Token of the server, to add it to the rule file
          <input name="token" type="password" autocomplete="off" defaultValue={storedToken()} />
        </label>
      )}
      {yaml !== undefined && (
        <>
          <pre class="yaml">{yaml}</pre>
          <p class="soft">
            Add it to a rule file, and name the file in <code>rules</code> of relval.yaml.
          </p>
        </>
      )}
      {said && (
        <p class={said.isBad ? 'bad' : undefined} role={said.isBad ? 'alert' : 'status'}>
          {said.text}
        </p>
      )}
      <p class="buttons">
        <button type="submit" name="do" value="show">
          Show the exception
        </button>
        {yaml !== undefined && (
          <button type="button" onClick={() => void copy(yaml)}>
            Copy
          </button>
        )}
        {canWrite && (
          <button type="submit" name="do" value="write">
            Add to the rule file
          </button>
        )}
        <button type="button" onClick={close}>
          Close
        </button>
      </p>
    </form>
  );
}
