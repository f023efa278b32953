import { SYMBOL } from '../../graph/states.ts';
import type { StepState } from '../../report/model.ts';
import { paint } from '../../report/paint.ts';
import type { StateCounts } from '../../runs/store/events.ts';
import type { Outline } from '../../runs/store/outline.ts';
import { formatDuration } from '../../units/time.ts';
import { table } from './table.ts';

/** The colours of the states of steps. */
export const MARK: Record<StepState, (text: string) => string> = {
  waiting: paint.dim,
  submitted: paint.dim,
  running: paint.cyan,
  succeeded: paint.green,
  failed: paint.red,
  broken: paint.magenta,
  aborted: paint.yellow,
};

/** What an overview shows. A view has its stages in another form. */
type Shown = Pick<Outline, 'counts' | 'heldUp' | 'running'> & { stages: Iterable<Outline['stages'][number]> };

/** A row for each stage. While the run goes on, also a row for some running steps, and for each reason why steps wait. */
export function overview(shown: Shown, now: number, startedAt: number, underWay = true): string[] {
  const rows = Array.from(shown.stages, ([stage, { counts }]) => {
    const steps = Object.values(counts).reduce((sum, count) => sum + count, 0);
    const { running, submitted, succeeded, failed, broken, aborted } = counts;
    const done = succeeded + failed + broken;
    const state = stateOfStage(counts, steps, underWay);
    const notes = [
      running > 0 && underWay ? paint.cyan(`${running} running`) : '',
      submitted > 0 && underWay ? paint.dim(`${submitted} waiting for a worker`) : '',
      failed > 0 ? paint.red(`${failed} failed`) : '',
      broken > 0 ? paint.magenta(`${broken} broken`) : '',
      aborted > 0 || !underWay ? notRun(steps - done) : '',
    ].filter((note) => note !== '');
    return [MARK[state](SYMBOL[state]), stage, `${done}/${steps}`, bar(done, steps), notes.join(', ')];
  });
  const listed: string[][] = [];
  if (underWay) {
    for (const { id, start, worker, host } of shown.running)
      listed.push(['  ', id, formatDuration((now - (start ?? now)) / 1000), paint.dim(host ?? worker ?? '')]);
    const more = shown.counts.running - shown.running.length;
    if (more > 0) listed.push(['  ', paint.dim(`and ${more} more`), '', '']);
  }
  const heldUp = underWay ? shown.heldUp.map(({ message }) => paint.yellow(message)) : [];
  return [...table(rows), ...table(listed), ...heldUp, paint.dim(formatDuration((now - startedAt) / 1000))];
}

/** The state that marks a stage: the one that needs attention most. */
function stateOfStage(counts: StateCounts, steps: number, underWay: boolean): StepState {
  const { running, succeeded, failed, broken, aborted } = counts;
  if (failed > 0) return 'failed';
  if (broken > 0) return 'broken';
  if (succeeded === steps) return 'succeeded';
  if (aborted > 0 || !underWay) return 'aborted';
  return running > 0 ? 'running' : 'waiting';
}

const notRun = (count: number): string => (count > 0 ? paint.yellow(`${count} not run`) : '');

/** A bar of ten characters. It is full only when all steps have ended. */
function bar(done: number, steps: number): string {
  const full = Math.floor((10 * done) / Math.max(1, steps));
  return '█'.repeat(full) + paint.dim('░'.repeat(10 - full));
}
