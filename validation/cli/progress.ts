import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import { SYMBOL } from '../graph/states.ts';
import type { StepState } from '../report/model.ts';
import { formatDuration } from '../report/time.ts';
import { countStates, type RunEvent, type RunView, type StepView } from '../runs/events.ts';
import { table } from './table.ts';

/** Shows how a run goes. */
export interface Progress {
  event(event: RunEvent, view: RunView): void;
  close(): void;
}

const MARK: Record<StepState, (text: string) => string> = {
  waiting: pc.dim,
  submitted: pc.dim,
  running: pc.cyan,
  succeeded: pc.green,
  failed: pc.red,
  broken: pc.magenta,
  aborted: pc.yellow,
};
const REDRAW_MS = 200;
/** Running steps that are listed one by one; more would push everything else off the screen. */
const LISTED = 8;

/** A live table on a terminal; a line for every event anywhere else. */
export function progressFor(stream: NodeJS.WriteStream, startedAt: number): Progress {
  // A terminal that does not tell its size (some CI systems) cannot be drawn on.
  return stream.isTTY && stream.rows > 0 ? liveProgress(stream, startedAt) : plainProgress(stream, startedAt);
}

function plainProgress(stream: NodeJS.WritableStream, startedAt: number): Progress {
  return {
    event(event, view) {
      const text = describe(event, view);
      if (text === undefined) return;
      const seconds = Math.max(0, Math.round((event.time - startedAt) / 1000));
      const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
      stream.write(`[${clock}] ${text}\n`);
    },
    close() {},
  };
}

function liveProgress(stream: NodeJS.WriteStream, startedAt: number): Progress {
  const update = createLogUpdate(stream);
  let latest: RunView | undefined;
  const draw = (): void => {
    if (latest) update(`${overview(latest, Date.now(), startedAt)}\n`);
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    event(event, view) {
      latest = view;
      if (event.type === 'step-ended' && event.state !== 'succeeded') {
        update.clear();
        stream.write(`${describe(event, view)}\n`);
      }
    },
    close() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** One event in a line; undefined for those that nobody waits for. */
function describe(event: RunEvent, view: RunView): string | undefined {
  switch (event.type) {
    case 'planned':
      return `phase ${event.phase}: ${event.steps.length} steps of ${new Set(event.steps.map(({ stage }) => stage)).size} stages`;
    case 'step-running':
      return `${event.step} runs on ${event.worker}`;
    case 'step-requeued':
      return `${event.step} lost its worker and waits for another`;
    case 'step-ended': {
      const counts = countStates(view);
      const done = counts.succeeded + counts.failed + counts.broken;
      const took = event.seconds === undefined ? '' : ` after ${formatDuration(event.seconds)}`;
      const why = event.message === undefined ? '' : `: ${event.message}`;
      const again = event.retried ? ', will be tried again' : '';
      return `${MARK[event.state](SYMBOL[event.state])} ${event.step} ${event.state}${took}${why}${again} (${done} of ${view.steps.size})`;
    }
    case 'resumed':
      return 'resumed';
    default:
      return undefined;
  }
}

/** A row for each stage and one for each running step. */
export function overview(view: RunView, now: number, startedAt: number): string {
  const stages = new Map<string, StepView[]>();
  for (const step of view.steps.values()) stages.set(step.stage, [...(stages.get(step.stage) ?? []), step]);
  const rows = [...stages].map(([stage, steps]) => {
    const of = (...states: StepState[]): number => steps.filter(({ state }) => states.includes(state)).length;
    const done = of('succeeded', 'failed', 'broken', 'aborted');
    const bad = of('failed', 'broken');
    const state: StepState =
      bad > 0 ? 'failed' : done === steps.length ? 'succeeded' : of('running') > 0 ? 'running' : 'waiting';
    const notes = [
      of('running') > 0 ? pc.cyan(`${of('running')} running`) : '',
      of('submitted') > 0 ? pc.dim(`${of('submitted')} waiting for a worker`) : '',
      bad > 0 ? pc.red(`${bad} failed`) : '',
    ].filter((note) => note !== '');
    return [MARK[state](SYMBOL[state]), stage, `${done}/${steps.length}`, notes.join(', ')];
  });
  const running = [...view.steps.values()].filter(({ state }) => state === 'running');
  const listed = running
    .slice(0, LISTED)
    .map(({ id, worker, since }) => ['  ', id, formatDuration((now - (since ?? now)) / 1000), pc.dim(worker ?? '')]);
  if (running.length > LISTED) listed.push(['  ', pc.dim(`and ${running.length - LISTED} more`), '', '']);
  return `${table(rows)}\n${listed.length > 0 ? `${table(listed)}\n` : ''}${pc.dim(formatDuration((now - startedAt) / 1000))}`;
}
