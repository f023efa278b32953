import { QUANTITY } from '../../history/show/words.ts';
import type { NightTrend } from '../../history/trend.ts';
import { printable } from '../../report/printable.ts';
import { dayOf } from '../../report/since.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { RunBadge } from '../parts/badge.tsx';
import { runPath } from '../routes.ts';

/** The description of one night in words, with the values of the drawings. */
export function Told({ night, quantity }: { night: NightTrend; quantity: keyof typeof QUANTITY }) {
  const { run, verdict, release, totals, errors, warnings, histograms, accepted, removed, created, ended, stages } =
    night;
  const { name, format } = QUANTITY[quantity];
  const found = [
    errors > 0 ? counted(errors, 'error') : '',
    warnings > 0 ? counted(warnings, 'warning') : '',
    histograms > 0 ? `${counted(histograms, 'histogram')} changed` : '',
  ].filter((text) => text !== '');
  const values = stages.flatMap((stage) => {
    const value = stage[quantity];
    return value ? [`${stage.name} ${format(value.median)}`] : [];
  });
  return (
    <div class="told">
      <p>
        <strong>{dayOf(night)}</strong> <RunBadge status={verdict} />{' '}
        {removed ? <span class="soft">{run}, removed</span> : <a href={runPath(run)}>{run}</a>}{' '}
        {release && <span>{printable(release)}</span>}
      </p>
      <p class="facts">
        <span>
          {totals.succeeded} of {counted(totals.steps, 'step')} succeeded
        </span>
        {ended !== undefined && <span>took {formatDuration((ended - created) / 1000)}</span>}
        <span>{found.length > 0 ? found.join(', ') : 'nothing found'}</span>
        {accepted && <span>accepted</span>}
        {values.length > 0 && (
          <span>
            {name}: {printable(values.slice(0, 6).join(', '))}
          </span>
        )}
      </p>
    </div>
  );
}
