import { createLogUpdate } from 'log-update';
import pc from 'picocolors';
import { SYMBOL } from '../graph/states.ts';
import type { StepState } from '../report/model.ts';
import { formatDuration } from '../report/time.ts';
import type { RunEvent, RunView } from '../runs/events.ts';
import { table } from './table.ts';

/** Shows how a run goes. */
export interface Progress {
  event(event: RunEvent, view: RunView): void;
  /** Resolves when all is shown. */
  close(): void | Promise<void>;
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

/** A line for every event that somebody waits for, with the time since the start (ms since 1970). */
export function plainProgress(stream: NodeJS.WritableStream, startedAt: number): Progress {
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
      return `${event.step} runs on ${event.worker}${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`;
    case 'step-requeued':
      return `${event.step} lost its worker and waits for another`;
    case 'step-ended': {
      const { counts } = view;
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

/** A row for each stage and, while the run is under way, one for each running step. */
export function overview(view: RunView, now: number, startedAt: number, underWay = true): string {
  const rows = [...view.stages].map(([stage, { counts }]) => {
    const steps = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const { running, submitted, succeeded, failed, broken, aborted } = counts;
    const done = succeeded + failed + broken + aborted;
    const bad = failed + broken;
    const state: StepState = bad > 0 ? 'failed' : done === steps ? 'succeeded' : running > 0 ? 'running' : 'waiting';
    const notes = [
      running > 0 ? (underWay ? pc.cyan(`${running} running`) : pc.yellow(`${running} interrupted`)) : '',
      submitted > 0 ? pc.dim(`${submitted} waiting for a worker`) : '',
      bad > 0 ? pc.red(`${bad} failed`) : '',
    ].filter((note) => note !== '');
    return [MARK[state](SYMBOL[state]), stage, `${done}/${steps}`, bar(done, steps), notes.join(', ')];
  });
  const listed: string[][] = [];
  for (const id of underWay ? view.running : []) {
    if (listed.length === LISTED) {
      listed.push(['  ', pc.dim(`and ${view.running.size - LISTED} more`), '', '']);
      break;
    }
    const { start, worker, host } = view.steps.get(id) ?? {};
    listed.push(['  ', id, formatDuration((now - (start ?? now)) / 1000), pc.dim(host ?? worker ?? '')]);
  }
  return `${table(rows)}\n${listed.length > 0 ? `${table(listed)}\n` : ''}${pc.dim(formatDuration((now - startedAt) / 1000))}`;
}

/** Ten characters, of which as many are full as of the steps have ended; all only when all have. */
function bar(done: number, steps: number): string {
  const full = Math.floor((10 * done) / Math.max(1, steps));
  return '█'.repeat(full) + pc.dim('░'.repeat(10 - full));
}
