import { printable } from '../report/printable.ts';
import { QUANTITIES } from './line.ts';
import type { NightTrend, Trend } from './trend.ts';

type Cell = string | number | undefined;

/**
 * The nights as CSV (RFC 4180): one row for each night, one column for each value of each stage. Times are seconds, memory and
 * outputs are bytes. A text that a spreadsheet would read as a formula gets an apostrophe before it. Control characters, which a
 * terminal would obey, are shown as `\x1b`.
 */
export function trendCsv({ nights }: Trend): string {
  const stages = [...new Set(nights.flatMap((night) => night.stages.map(({ name }) => name)))];
  const components = [...new Set(nights.flatMap((night) => Object.keys(night.components)))].sort();
  const stagesOf = new Map(nights.map((night) => [night, new Map(night.stages.map((stage) => [stage.name, stage]))]));
  const columns: [name: string, of: (night: NightTrend) => Cell][] = [
    ['date', ({ created }) => new Date(created).toISOString()],
    ['run', ({ run }) => run],
    ['release', ({ release }) => release],
    ['workflow', ({ workflow }) => workflow],
    ['verdict', ({ verdict }) => verdict],
    ['accepted', ({ accepted }) => (accepted ? 'yes' : 'no')],
    ['removed', ({ removed }) => (removed ? 'yes' : 'no')],
    ...(['steps', 'succeeded', 'failed', 'broken', 'notRun'] as const).map(
      (key) => [key, ({ totals }: NightTrend) => totals[key]] as [string, (night: NightTrend) => Cell],
    ),
    ['pass rate', ({ totals }) => (totals.steps === 0 ? undefined : totals.succeeded / totals.steps)],
    ['errors', ({ errors }) => errors],
    ['warnings', ({ warnings }) => warnings],
    ['histograms changed', ({ histograms }) => histograms],
    ...components.flatMap((component) =>
      (['errors', 'warnings'] as const).map(
        (kind) =>
          [
            `${kind} of ${component || 'no component'}`,
            (night: NightTrend) => night.components[component]?.[kind] ?? 0,
          ] as [string, (night: NightTrend) => Cell],
      ),
    ),
    ...stages.flatMap((name) => {
      const of = (night: NightTrend) => stagesOf.get(night)?.get(name);
      return [
        [`${name} retried`, (night: NightTrend) => of(night)?.retried],
        ...QUANTITIES.flatMap((quantity) =>
          (['median', 'low', 'high'] as const).map((value) => [
            `${name} ${quantity} ${value}`,
            (night: NightTrend) => of(night)?.[quantity]?.[value],
          ]),
        ),
      ] as [string, (night: NightTrend) => Cell][];
    }),
  ];
  const rows = [columns.map(([name]) => name), ...nights.map((night) => columns.map(([, of]) => of(night)))];
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  if (typeof value !== 'string') return value === undefined ? '' : String(value);
  const shown = printable(value);
  const text = /^[=+\-@]/.test(shown.trimStart()) ? `'${shown}` : shown;
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
