import { createLogUpdate } from 'log-update';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import { SYMBOL } from '../../graph/states.ts';
import { paint } from '../../report/paint.ts';
import type { RunEvent, RunView } from '../../runs/store/events.ts';
import { firstRunning } from '../../runs/store/outline.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import type { Terminal } from '../terminal.ts';
import { MARK, overview } from './overview.ts';

/** Shows the progress of a run. */
export interface Progress {
  event(event: RunEvent, view: RunView): void;
  /** Resolves when all is shown. */
  close(): void | Promise<void>;
}

const REDRAW_MS = 200;

/** Shows nothing. */
export const SILENT: Progress = { event() {}, close() {} };

/** A live table on a terminal; elsewhere a line for every event. */
export function progressFor(on: Terminal, startedAt: number): Progress {
  return liveProgress(on, startedAt) ?? plainProgress(on, startedAt);
}

/** A line for every important event, with the time since the start (ms since 1970). */
export function plainProgress(on: Terminal, startedAt: number): Progress {
  return {
    event(event, view) {
      const text = describe(event, view);
      if (text === undefined) return;
      const seconds = Math.max(0, Math.round((event.time - startedAt) / 1000));
      const clock = `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
      on.say(`[${clock}] ${text}`);
    },
    close() {},
  };
}

function liveProgress(on: Terminal, startedAt: number): Progress | undefined {
  const update = on.drawing(createLogUpdate);
  if (!update) return undefined;
  let latest: RunView | undefined;
  const draw = (): void => {
    if (latest) update(overview({ ...latest, running: firstRunning(latest) }, steadyNow(), startedAt));
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    event(event, view) {
      latest = view;
      if (event.type === 'step-ended' && event.state !== 'succeeded') {
        update.clear();
        on.say(describe(event, view) ?? '');
      }
    },
    close() {
      clearInterval(timer);
      draw();
      update.done();
    },
  };
}

/** One event as a line; undefined for unimportant events. */
function describe(event: RunEvent, view: RunView): string | undefined {
  switch (event.type) {
    case 'repeated':
      return `${counted(event.steps.length, 'step')} of phase ${event.phase} ${event.steps.length === 1 ? 'runs' : 'run'} again`;
    case 'planned':
      if (event.steps.length === 0) return undefined;
      return `phase ${event.phase}: ${counted(event.steps.length, 'step')} of ${counted(new Set(event.steps.map(({ stage }) => stage)).size, 'stage')}`;
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
    case 'held-up':
      return paint.yellow(event.message);
    case 'resumed':
      return 'resumed';
    default:
      return undefined;
  }
}
