// biome-ignore-all lint/a11y/useSemanticElements: a table of elements cannot leave out rows that are not seen
// biome-ignore-all lint/a11y/useFocusableInteractive: the links in the rows can be focused
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { StepSummary } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatMemory } from '../../units/size.ts';
import { formatDuration } from '../../units/time.ts';
import { StepBadge } from '../parts/badge.tsx';
import { Empty, Failed, Loading } from '../parts/notice.tsx';
import { Took } from '../parts/time.tsx';
import { Viewport, type ViewportHandle } from '../parts/viewport.tsx';
import { stepPath } from '../routes.ts';
import { useKeys } from '../state/keys.ts';
import { query, setQuery } from '../state/place.ts';
import type { LiveRun } from './live.ts';
import { COLUMNS, type Column, filterSteps, sortSteps } from './step-order.ts';

const ROW = 28;

/** All steps, sorted and filtered. Only the visible ones are in the document. */
export function StepTable({ run }: { run: LiveRun }) {
  useEffect(() => run.wantSteps(), [run]);
  const all = run.steps.value;
  const { sort = '', search = '', stage = '', state = '' } = Object.fromEntries(query.value);
  const shown = useMemo(
    () => sortSteps(filterSteps(all ?? [], { search, stage, state }), sort),
    [all, search, stage, state, sort],
  );
  const view = useRef<ViewportHandle | undefined>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const [cursor, setCursor] = useState(-1);
  const to = (row: number): void => {
    const next = Math.max(0, Math.min(shown.length - 1, row));
    setCursor(next);
    view.current?.show(next);
    requestAnimationFrame(() => requestAnimationFrame(() => focusRow(next)));
  };
  useKeys([
    { key: '/', what: 'search steps', act: () => field.current?.focus() },
    { key: 'j', what: 'next step', act: () => to(cursor + 1) },
    { key: 'k', what: 'step before', act: () => to(cursor - 1) },
    { key: 'g', what: 'first step', act: () => to(0) },
    { key: 'G', what: 'last step', act: () => to(shown.length - 1) },
  ]);
  if (!all) {
    const error = run.error.value;
    return error ? <Failed error={error} retry={() => run.reload()} /> : <Loading what="steps" />;
  }
  const stages = [...new Set(all.map((step) => step.stage))];
  const states = [...new Set(all.map((step) => step.state))];
  const filtered = search !== '' || stage !== '' || state !== '';
  return (
    <section aria-label="Steps">
      <search class="filters">
        <input
          ref={field}
          type="search"
          placeholder="Search step, host, message  ( / )"
          aria-label="Search steps"
          value={search}
          onInput={(event) => setQuery({ view: 'steps', search: event.currentTarget.value })}
        />
        <Choice
          label="Stage"
          any="any stage"
          value={stage}
          options={stages}
          onChange={(value) => setQuery({ view: 'steps', stage: value })}
        />
        <Choice
          label="State"
          any="any state"
          value={state}
          options={states}
          onChange={(value) => setQuery({ view: 'steps', state: value })}
        />
        <span class="soft" role="status">
          {filtered ? `${shown.length} of ` : ''}
          {counted(all.length, 'step')}
        </span>
      </search>
      {all.length === 0 && <Empty title="The run has no steps yet." />}
      {all.length > 0 && shown.length === 0 && <Empty title="No step matches the filter." />}
      {shown.length > 0 && (
        <Viewport
          rows={shown.length}
          rowHeight={ROW}
          role="table"
          label={`Steps, ${shown.length}`}
          className="steps"
          handle={view}
          head={<Head sort={sort} />}
          render={(row) => {
            const step = shown[row];
            return step && <Row key={step.id} row={row} run={run.id} step={step} onFocus={setCursor} />;
          }}
        />
      )}
    </section>
  );
}

function focusRow(row: number): void {
  document.querySelector<HTMLElement>(`.steps [data-row="${row}"] a`)?.focus();
}

function Choice(props: {
  label: string;
  any: string;
  value: string;
  options: string[];
  onChange: (value: string) => void;
}) {
  return (
    <select
      aria-label={props.label}
      value={props.value}
      onChange={(event) => props.onChange(event.currentTarget.value)}
    >
      <option value="">{props.any}</option>
      {props.options.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </select>
  );
}

function Head({ sort }: { sort: string }) {
  const [by, down] = sort.startsWith('-') ? [sort.slice(1), true] : [sort, false];
  return (
    <div class="tr head" role="row" aria-rowindex={1}>
      {COLUMNS.map(({ id, text, className }) => (
        <span
          key={id}
          role="columnheader"
          class={className}
          aria-sort={by !== id ? 'none' : down ? 'descending' : 'ascending'}
        >
          <button
            type="button"
            class="quiet"
            onClick={() => setQuery({ view: 'steps', sort: by !== id ? id : down ? undefined : `-${id}` })}
          >
            {text} <span aria-hidden="true">{by !== id ? '' : down ? '▾' : '▴'}</span>
          </button>
        </span>
      ))}
    </div>
  );
}

function Row({
  row,
  run,
  step,
  onFocus,
}: {
  row: number;
  run: string;
  step: StepSummary;
  onFocus: (row: number) => void;
}) {
  const cells: Record<Column, preact.ComponentChildren> = {
    id: (
      <a href={stepPath(run, step.id)} onFocus={() => onFocus(row)}>
        {step.id}
      </a>
    ),
    state: <StepBadge state={step.state} />,
    seconds: timeOf(step),
    cpuTime: step.cpuTime === undefined ? '' : formatDuration(step.cpuTime),
    peakMemory: step.peakMemory === undefined ? '' : formatMemory(step.peakMemory),
    attempt: step.attempt || '',
    host: step.host ?? step.worker ?? '',
    message: step.message ?? (step.errors ? counted(step.errors, 'error') : ''),
  };
  return (
    <div class="tr" role="row" data-row={row} aria-rowindex={row + 2}>
      {COLUMNS.map(({ id, className }) => (
        <span
          key={id}
          role="cell"
          class={className}
          title={id === 'message' || id === 'host' ? String(cells[id]) : undefined}
        >
          {cells[id]}
        </span>
      ))}
    </div>
  );
}

function timeOf({ state, start, since, seconds }: StepSummary) {
  if (state === 'running') return <Took start={start ?? since ?? Date.now()} />;
  return seconds === undefined ? '' : formatDuration(seconds);
}
