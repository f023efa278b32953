import type { RunRecord, RunSummary } from './record.ts';
import type { Form } from './record-cache.ts';
import { TextTable } from './text-table.ts';

/** Whole records. */
export const RECORDS: Form<RunRecord, readonly RunRecord[]> = {
  kind: 'runs',
  keep: (records) => records,
  restore: (records, place) => records[place] as RunRecord,
};

/** Most runs have these texts in common with others. */
const TEXTS = [
  'name',
  'workflow',
  'release',
  'state',
  'verdict',
  'reason',
] as const satisfies readonly (keyof RunSummary)[];
const VALUES = ['id', 'process', 'accepted', 'created', 'ended'] as const satisfies readonly (keyof RunSummary)[];

/** For each field a column with a row for each run; `null`: the run has no such value. */
interface Columns {
  texts: string[];
  /** Places in `texts`, from 0. */
  textColumns: (number | null)[][];
  valueColumns: (RunSummary[(typeof VALUES)[number]] | null)[][];
  steps: number[];
  succeeded: number[];
}

/** Columns are read in less than half of the time that as many objects take. */
export const SUMMARIES: Form<RunSummary, Columns> = {
  kind: 'summaries',
  keep: (summaries) => {
    const table = new TextTable();
    return {
      textColumns: TEXTS.map((field) =>
        summaries.map(({ [field]: text }) => (text === undefined ? null : table.placeOf(text))),
      ),
      valueColumns: VALUES.map((field) => summaries.map((summary) => summary[field] ?? null)),
      steps: summaries.map(({ totals }) => totals.steps),
      succeeded: summaries.map(({ totals }) => totals.succeeded),
      texts: table.texts,
    };
  },
  restore: ({ texts, textColumns, valueColumns, steps, succeeded }, place) => {
    const text = (column: number) => texts[textColumns[column]?.[place] ?? -1];
    const value = (column: number) => valueColumns[column]?.[place] ?? undefined;
    // All with the same fields in the same order, for V8.
    return {
      id: value(0),
      name: text(0),
      workflow: text(1),
      release: text(2),
      state: text(3),
      verdict: text(4),
      reason: text(5),
      process: value(1),
      accepted: value(2),
      created: value(3),
      ended: value(4),
      totals: { steps: steps[place], succeeded: succeeded[place] },
    } as RunSummary;
  },
};
