import type { RunDetail, ServerInfo } from '../../server/api.ts';
import { type Action, ActionButton, READ_ONLY } from '../parts/action.tsx';
import { apiPath } from '../routes.ts';
import { useResource } from '../state/server.ts';
import { isActive } from '../words.ts';
import type { LiveRun } from './live.ts';

/** The actions on the run. The page asks for the token when it is needed, and forgets it when the window closes. */
export function Actions({ run, detail }: { run: LiveRun; detail: RunDetail }) {
  const { data: server } = useResource<ServerInfo>(apiPath(['server']));
  if (!server) return null;
  const actions = actionsFor(detail, server.actions, () => run.reload());
  if (actions.length === 0) return null;
  return (
    <p class="actions">
      {actions.map((action) => (
        <ActionButton key={action.name} action={action} />
      ))}
    </p>
  );
}

/** Runs one step again, from its own page. */
export function RetryStep({ run, step, onDone }: { run: string; step: string; onDone: () => void }) {
  const { data: server } = useResource<ServerInfo>(apiPath(['server']));
  const { data: detail } = useResource<RunDetail>(apiPath(['runs', run]));
  if (!server || !detail) return null;
  const action: Action = {
    name: 'Retry this step',
    title: `Retry ${step}?`,
    meaning: 'The step and the steps that depend on it run again, and the run is judged again.',
    obstacle: (server.actions ? undefined : READ_ONLY) ?? obstacleToRetry(detail.status, detail.accepted !== undefined),
    request: () => ({ path: apiPath(['runs', run, 'retry']), body: { steps: [step] } }),
    onDone,
  };
  return (
    <p class="actions">
      <ActionButton action={action} />
    </p>
  );
}

/** The actions that make sense for a run in its state, in the order in which they are shown. */
function actionsFor({ id, status, accepted }: RunDetail, allowed: boolean, onDone: () => void): Action[] {
  const readOnly = allowed ? undefined : READ_ONLY;
  const to = (what: string, body: unknown) => () => ({ path: apiPath(['runs', id, what]), body });
  const stop: Action = {
    name: 'Stop',
    title: `Stop ${id}?`,
    meaning: 'Its running steps are stopped. The results of ended steps are kept, and the run can be resumed.',
    obstacle: readOnly,
    request: to('stop', {}),
    onDone,
  };
  const resume: Action = {
    name: 'Resume',
    title: `Resume ${id}?`,
    meaning: 'It continues where it ended. Steps that succeeded do not run again.',
    obstacle: readOnly ?? (status === 'failed' ? 'only interrupted and broken runs can be resumed' : undefined),
    request: to('resume', {}),
    onDone,
  };
  const retry: Action = {
    name: 'Retry failed steps',
    title: `Retry the failed steps of ${id}?`,
    meaning: 'All steps that did not succeed run again, and the run is judged again.',
    obstacle: readOnly ?? obstacleToRetry(status, accepted !== undefined),
    request: to('retry', { failed: true }),
    onDone,
  };
  const accept: Action = {
    name: 'Accept',
    title: `Accept ${id}?`,
    meaning: 'The run is marked as good, with a note that says why. Later runs can be compared with it.',
    obstacle: readOnly ?? (accepted ? `it is accepted already, by ${accepted.by}` : undefined),
    request: (form) => ({ path: apiPath(['runs', id, 'accept']), body: { note: String(form.get('note')) } }),
    onDone,
    children: (
      <label>
        Why it is good
        <textarea name="note" required maxLength={1000} rows={3} />
      </label>
    ),
  };
  if (isActive(status)) return [stop];
  return status === 'passed' ? [] : [resume, retry, accept];
}

/** Why steps of a run cannot run again; undefined: they can. */
function obstacleToRetry(status: RunDetail['status'], isAccepted: boolean): string | undefined {
  if (isActive(status)) return 'the run has not ended';
  if (status === 'interrupted') return 'the run was interrupted: resume it';
  return isAccepted ? 'the run is accepted, and other runs are compared with it' : undefined;
}
