import type { RunRecord, RunSummary } from './record.ts';
import type { Form } from './record-cache.ts';
import { TextTable } from './text-table.ts';

/** Whole records. */
export const RECORDS: Form<RunRecord, readonly RunRecord[]> = {
  kind: 'runs',
  keep: (records) => records,
  restore: (records, place) => records[place] as RunRecord,
};

/** A column with a row for each run; `null`: the run has no such value. */
type Column<T> = (T | null)[];

interface Columns {
  /** Most runs have their texts in common with others. */
  texts: string[];
  /** Places in `texts`, from 0. */
  name: number[];
  workflow: number[];
  release: Column<number>;
  state: number[];
  verdict: Column<number>;
  reason: Column<number>;
  /** Values. */
  id: string[];
  process: Column<RunSummary['process']>;
  accepted: Column<RunSummary['accepted']>;
  created: number[];
  ended: Column<number>;
  steps: number[];
  succeeded: number[];
}

/** Columns are read in less than half of the time that as many objects take. */
export const SUMMARIES: Form<RunSummary, Columns> = {
  kind: 'summaries',
  keep: (all) => {
    const table = new TextTable();
    const placeOf = (text: string | undefined) => (text === undefined ? null : table.placeOf(text));
    return {
      name: all.map(({ name }) => table.placeOf(name)),
      workflow: all.map(({ workflow }) => table.placeOf(workflow)),
      release: all.map(({ release }) => placeOf(release)),
      state: all.map(({ state }) => table.placeOf(state)),
      verdict: all.map(({ verdict }) => placeOf(verdict)),
      reason: all.map(({ reason }) => placeOf(reason)),
      id: all.map(({ id }) => id),
      process: all.map(({ process }) => process ?? null),
      accepted: all.map(({ accepted }) => accepted ?? null),
      created: all.map(({ created }) => created),
      ended: all.map(({ ended }) => ended ?? null),
      steps: all.map(({ totals }) => totals.steps),
      succeeded: all.map(({ totals }) => totals.succeeded),
      texts: table.texts,
    };
  },
  // Without a function for each field: with a few thousand runs, V8 does not come to optimize it.
  restore: (columns, at) => {
    const { texts, name, workflow, release, state, verdict, reason } = columns;
    return {
      id: columns.id[at],
      name: texts[name[at] as number],
      workflow: texts[workflow[at] as number],
      release: release[at] === null ? undefined : texts[release[at] as number],
      state: texts[state[at] as number],
      verdict: verdict[at] === null ? undefined : texts[verdict[at] as number],
      reason: reason[at] === null ? undefined : texts[reason[at] as number],
      process: columns.process[at] ?? undefined,
      accepted: columns.accepted[at] ?? undefined,
      created: columns.created[at],
      ended: columns.ended[at] ?? undefined,
      totals: { steps: columns.steps[at], succeeded: columns.succeeded[at] },
    } as RunSummary;
  },
};
