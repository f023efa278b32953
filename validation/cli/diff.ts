import { compareRuns } from '../checks/compare.ts';
import { InputError } from '../input/input-error.ts';
import { renderComparison } from '../report/comparison.ts';
import type { Report } from '../report/model.ts';
import { inColour } from '../report/paint.ts';
import { readReport } from '../runs/judging/reference.ts';
import { statusOf } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { when } from './output/zone.ts';
import { out } from './terminal.ts';

export const diffCommand = defineCommand(
  (command) =>
    runsOption(command)
      .positional('a', { type: 'string', demandOption: true, describe: 'First run (earlier)' })
      .positional('b', { type: 'string', demandOption: true, describe: 'Second run (later)' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  (args) => {
    const store = new RunStore(args.runs);
    const a = reportOf(store, args.a);
    const b = reportOf(store, args.b);
    const comparison = compareRuns(a, b);
    if (args.json) out.sayJson({ a: head(a), b: head(b), ...comparison });
    else out.sayText(renderComparison(a, b, comparison, { colour: inColour, when }));
  },
);

/** @throws InputError if there is no such run, or it has no report */
function reportOf(store: RunStore, wanted: string): Report {
  const run = store.find(wanted);
  const report = readReport(run);
  if (report) return report;
  const record = run.readRecord();
  throw new InputError([{ message: `${record.id} has no report yet, because it is ${statusOf(record, run.path)}` }]);
}

function head({ run, verdict, reason, start, end }: Report) {
  return { run, verdict, reason, start, end };
}
