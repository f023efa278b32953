import type { Spread } from '../../history/line.ts';
import { QUANTITY } from '../../history/show/words.ts';
import { printable } from '../../report/printable.ts';
import type { Trend } from '../../server/api.ts';
import { setQuery } from '../state/place.ts';
import { stagePaths } from './plot-paths.ts';
import { Drawing, Row } from './row.tsx';

type Quantity = keyof typeof QUANTITY;

/** One row for each stage: the medians of its steps as a line, their middle half as a band, and its drift, if any. */
export function Stages({
  trend: { nights, drifts },
  quantity,
  quantities,
}: {
  trend: Trend;
  quantity: Quantity;
  quantities: readonly Quantity[];
}) {
  const names = [...new Set(nights.flatMap(({ stages }) => stages.map(({ name }) => name)))];
  const places = new Map(nights.map(({ run }, n) => [run, n + 0.5]));
  const { format } = QUANTITY[quantity];
  if (names.length === 0) return null;
  return (
    <>
      <div class="night-row night-head">
        <h2>Stages</h2>
        <div class="buttons">
          {quantities.map((one) => (
            <button key={one} type="button" aria-pressed={one === quantity} onClick={() => setQuery({ of: one })}>
              {QUANTITY[one].name}
            </button>
          ))}
          <span class="soft only-wide">line: median of the steps; band: the middle half of them</span>
        </div>
      </div>
      {names.map((name) => {
        const values = nights.map(({ stages }) => stages.find((stage) => stage.name === name)?.[quantity]);
        const paths = stagePaths(values);
        if (!paths) return null;
        const drift = drifts.find((one) => one.stage === name && one.quantity === quantity);
        const latest = values.findLast((value) => value !== undefined)?.median ?? 0;
        const [from, to] = [places.get(drift?.from.run ?? '') ?? 0.5, places.get(drift?.to.run ?? '') ?? 0.5];
        return (
          <Row
            key={name}
            name={printable(name)}
            value={
              <>
                <span>
                  {format(latest)} <span class="soft range">{rangeText(values, format)}</span>
                </span>
                {drift && (
                  <a class="warning" href="#drift">
                    {drift.kind === 'jump' ? 'jump' : 'drift'}{' '}
                    <span aria-hidden="true">{drift.after > drift.before ? '▲' : '▼'}</span>
                  </a>
                )}
              </>
            }
          >
            <Drawing count={nights.length}>
              <path class="band" d={paths.band} />
              {drift?.kind === 'drift' && (
                <line class="drift" x1={from} x2={to} y1={paths.y(drift.before)} y2={paths.y(drift.after)} />
              )}
              <path class="median" d={paths.line} />
            </Drawing>
          </Row>
        );
      })}
    </>
  );
}

/** The range of the drawing: from the smallest to the largest median. */
function rangeText(values: readonly (Spread | undefined)[], format: (value: number) => string): string {
  const medians = values.flatMap((value) => (value ? [value.median] : []));
  return `${format(Math.min(...medians))} to ${format(Math.max(...medians))}`;
}
