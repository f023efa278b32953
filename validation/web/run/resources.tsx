import { useEffect, useMemo } from 'preact/hooks';
import type { Change, Report } from '../../report/model.ts';
import type { RunDetail, StepSummary } from '../../server/api.ts';
import { formatMemory, formatSize } from '../../units/size.ts';
import { formatDuration } from '../../units/time.ts';
import { Empty, Loading } from '../parts/notice.tsx';
import { TableHead } from '../parts/table-head.tsx';
import { apiPath, stepPath } from '../routes.ts';
import { useResource } from '../state/server.ts';
import type { LiveRun } from './live.ts';
import { QUANTITIES, type Quantity, spreadOf } from './spread.ts';

const LARGEST = 10;
const NAMES: Record<Quantity | 'outputBytes', string> = {
  seconds: 'Duration',
  cpuTime: 'CPU time',
  peakMemory: 'Memory at its peak',
  outputBytes: 'Outputs',
};

function format(quantity: Quantity | Change['quantity'], value: number): string {
  if (quantity === 'peakMemory') return formatMemory(value);
  return quantity === 'outputBytes' ? formatSize(value) : formatDuration(value);
}

/** The resources of the steps: by stage, the largest ones, and the differences from earlier runs. */
export function Resources({ run, detail }: { run: LiveRun; detail: RunDetail }) {
  useEffect(() => run.wantSteps(), [run]);
  const path = detail.hasReport ? apiPath(['runs', detail.id, 'report'], { format: 'json' }) : undefined;
  const { data: report } = useResource<Report>(path);
  const steps = run.steps.value;
  if (!steps) return <Loading what="steps" />;
  if (!steps.some(({ seconds }) => seconds !== undefined)) return <Empty title="No step has ended yet." />;
  return (
    <section aria-label="Resources">
      <Changes run={detail.id} changes={report?.changes ?? []} />
      {QUANTITIES.map((quantity) => (
        <Spread key={quantity} run={detail.id} quantity={quantity} steps={steps} />
      ))}
    </section>
  );
}

function Changes({ run, changes }: { run: string; changes: readonly Change[] }) {
  if (changes.length === 0) return null;
  return (
    <>
      <h2>Different from earlier runs</h2>
      <ul class="changes">
        {changes.slice(0, 100).map((change) => (
          <li key={`${change.stage} ${change.step ?? ''} ${change.quantity} ${change.output ?? ''}`}>
            <span aria-hidden="true">{change.direction === 'more' ? '▲' : '▼'}</span>{' '}
            {change.step ? <a href={stepPath(run, change.step)}>{change.step}</a> : `stage ${change.stage} (median)`}:{' '}
            {change.output ?? NAMES[change.quantity === 'duration' ? 'seconds' : change.quantity].toLowerCase()}{' '}
            <strong>{format(change.quantity, change.value)}</strong>, usually {format(change.quantity, change.usual)}
            <span class="soft"> ({change.runs} runs)</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** A line for each stage, from the minimum to the maximum. The middle half is thick, and the median has a mark. */
function Spread({ run, quantity, steps }: { run: string; quantity: Quantity; steps: readonly StepSummary[] }) {
  const stages = useMemo(() => spreadOf(steps, quantity), [steps, quantity]);
  const largest = useMemo(
    () =>
      steps
        .filter((step) => step[quantity] !== undefined)
        .sort((a, b) => (b[quantity] ?? 0) - (a[quantity] ?? 0))
        .slice(0, LARGEST),
    [steps, quantity],
  );
  if (stages.length === 0) return null;
  const most = Math.max(...stages.map(({ max }) => max), 1e-9);
  const at = (value: number): number => (value / most) * 100;
  return (
    <>
      <h2>{NAMES[quantity]}</h2>
      <table class="spread">
        <TableHead
          columns={[
            'Stage',
            { text: 'range from minimum to maximum; thick: middle half of the steps; mark: median', wide: true },
            { text: 'median', number: true },
            { text: 'most', number: true },
            { text: 'sum', number: true, wide: true },
          ]}
        />
        <tbody>
          {stages.map(({ stage, min, low, median, high, max, sum }) => (
            <tr key={stage}>
              <th scope="row">{stage}</th>
              <td class="wide drawing">
                <svg class="spread-drawing" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <line x1={at(min)} x2={Math.max(at(max), at(min) + 0.4)} y1="5" y2="5" />
                  <rect class="middle" x={at(low)} width={Math.max(0.4, at(high) - at(low))} y="1.5" height="7" />
                  <line class="median" x1={at(median)} x2={at(median)} y1="0" y2="10" />
                </svg>
              </td>
              <td class="number">{format(quantity, median)}</td>
              <td class="number">{format(quantity, max)}</td>
              <td class="number wide">{quantity === 'peakMemory' ? '' : format(quantity, sum)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft">
        Most:{' '}
        {largest.map((step, n) => (
          <span key={step.id}>
            {n > 0 && ', '}
            <a href={stepPath(run, step.id)}>{step.id}</a> {format(quantity, step[quantity] ?? 0)}
          </span>
        ))}
      </p>
    </>
  );
}
