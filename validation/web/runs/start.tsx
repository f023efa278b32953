import { useState } from 'preact/hooks';
import type { ServerInfo, Startables, StartNightly, StartRun } from '../../server/api.ts';
import { type Action, ActionButton, READ_ONLY } from '../parts/action.tsx';
import { apiPath } from '../routes.ts';
import { useResource } from '../state/server.ts';

/** The form to start a run, or a nightly at once. It offers the inputs and nightlies that the server allows. */
export function StartButton({ onDone }: { onDone: () => void }) {
  const { data: server } = useResource<ServerInfo>(apiPath(['server']));
  const { data: startables } = useResource<Startables>(apiPath(['startables']));
  if (!server || !startables) return null;
  const action: Action = {
    name: 'Start a run',
    title: 'Start a run',
    meaning: 'The run appears in the list when its input has been planned.',
    obstacle: obstacleOf(server, startables),
    request: (form) => ({ path: apiPath(['runs']), body: requestOf(form) }),
    onDone,
    children: <Fields startables={startables} />,
  };
  return <ActionButton action={action} />;
}

function obstacleOf({ actions, inputs, nightlies }: ServerInfo, startables: Startables): string | undefined {
  if (!actions) return READ_ONLY;
  if (inputs.length === 0 && !nightlies)
    return 'the server names no inputs (relval serve --inputs DIR, --nightlies FILE)';
  if (startables.inputs.length + startables.nightlies.length > 0) return undefined;
  return startables.problem ?? 'there are no JDLs, workflows or nightlies in the places that the server names';
}

const NIGHTLY = 'nightly ';

function Fields({ startables: { inputs, nightlies, more, problem } }: { startables: Startables }) {
  const [chosen, setChosen] = useState('');
  const [place, setPlace] = useState('local');
  const isNightly = chosen.startsWith(NIGHTLY);
  return (
    <>
      <label>
        What
        <select name="input" required value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
          <option value="">choose…</option>
          {nightlies.length > 0 && (
            <optgroup label="Nightlies, now">
              {nightlies.map(({ name, description }) => (
                <option key={name} value={`${NIGHTLY}${name}`}>
                  {description === undefined ? name : `${name}: ${description}`}
                </option>
              ))}
            </optgroup>
          )}
          {inputs.length > 0 && (
            <optgroup label="JDLs and workflows">
              {inputs.map((path) => (
                <option key={path}>{path}</option>
              ))}
            </optgroup>
          )}
        </select>
      </label>
      {more && <p class="soft">The list does not have all inputs. The command relval run can start any input.</p>}
      {problem && <p class="bad">{problem}</p>}
      {isNightly && <p class="soft">The file of the nightly decides the place, the release and the settings.</p>}
      {!isNightly && (
        <>
          <label>
            Name of the run (empty: the name of the input)
            <input name="name" maxLength={100} pattern="[A-Za-z0-9][\w.\-]*" />
          </label>
          <label>
            Where
            <select name="place" value={place} onChange={(event) => setPlace(event.currentTarget.value)}>
              <option value="local">on the server's machine</option>
              <option value="catalog">on a cluster</option>
            </select>
          </label>
          {place === 'catalog' && (
            <label>
              Catalog of the cluster, HOST:PORT
              <input name="catalog" required pattern="\S+:\d+" />
            </label>
          )}
          <label>
            Settings, a line for each KEY=VALUE (may be empty)
            <textarea name="set" rows={2} />
          </label>
        </>
      )}
    </>
  );
}

/** The request from the fields of the form. */
function requestOf(form: FormData): StartRun | StartNightly {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const input = text('input');
  if (input.startsWith(NIGHTLY)) return { nightly: input.slice(NIGHTLY.length) };
  const set = text('set')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return {
    input,
    ...(text('name') !== '' && { name: text('name') }),
    ...(text('place') === 'local' ? { local: true } : { catalog: text('catalog') }),
    ...(set.length > 0 && { set }),
  };
}
