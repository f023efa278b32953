import { formatDuration } from '../units/time.ts';
import { summarizeStages } from './groups.ts';
import type { Report, StepState } from './model.ts';
import { markup } from './printable.ts';

/** With up to this number of steps, each step has a bar. With more, each stage has one. */
const STEPS = 60;

const WORST_FIRST: readonly StepState[] = ['failed', 'broken', 'aborted', 'succeeded'];

interface Bar {
  name: string;
  /** ms since 1970. */
  start: number;
  end: number;
  state: StepState;
}

/** Bars that show when each step or stage ran; empty if no times are known. */
export function renderChart(report: Report): string {
  const bars = barsOf(report);
  if (bars.length === 0) return '';
  const start = bars.reduce((least, bar) => Math.min(least, bar.start), report.start);
  const end = bars.reduce((most, bar) => Math.max(most, bar.end), report.end);
  const percent = (ms: number): string => ((100 * ms) / Math.max(1, end - start)).toFixed(2);
  const items = bars.map((bar) => {
    const width = percent(Math.max(bar.end - bar.start, (end - start) / 200));
    return `<li><span>${markup(bar.name)}</span><svg aria-hidden="true"><rect class="${bar.state}" x="${percent(bar.start - start)}%" width="${width}%" height="100%"/></svg><span>${formatDuration((bar.end - bar.start) / 1000)}</span></li>`;
  });
  return `<section aria-labelledby="timing">
<h2 id="timing">Timing</h2>
<p class="soft">From the start of the run (left) to its end after ${formatDuration((end - start) / 1000)} (right).</p>
<ol class="chart">
${items.join('\n')}
</ol>
</section>`;
}

function barsOf(report: Report): Bar[] {
  if (report.steps.length <= STEPS) {
    return report.steps.flatMap(({ id, state, start, end }) =>
      start === undefined || end === undefined ? [] : [{ name: id, state, start, end }],
    );
  }
  return summarizeStages(report.steps).flatMap(({ stage, states, start, end }) => {
    const state = WORST_FIRST.find((one) => states.has(one)) ?? 'waiting';
    return start === undefined || end === undefined ? [] : [{ name: stage, state, start, end }];
  });
}
