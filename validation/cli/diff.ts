import pc from 'picocolors';
import { compareRuns } from '../checks/compare.ts';
import { InputError } from '../input/input-error.ts';
import { renderComparison } from '../report/comparison.ts';
import type { Report } from '../report/model.ts';
import { readReport } from '../runs/judging/reference.ts';
import { statusOf } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';

export const diffCommand = defineCommand(
  (command) =>
    runsOption(command)
      .positional('a', { type: 'string', demandOption: true, describe: 'The earlier run' })
      .positional('b', { type: 'string', demandOption: true, describe: 'The later run' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  (args) => {
    const store = new RunStore(args.runs);
    const a = reportOf(store, args.a);
    const b = reportOf(store, args.b);
    const comparison = compareRuns(a, b);
    if (args.json) console.log(JSON.stringify({ a: head(a), b: head(b), ...comparison }, null, 2));
    else process.stdout.write(renderComparison(a, b, comparison, { colour: pc.isColorSupported }));
  },
);

/** @throws InputError no such run, or no report of it */
function reportOf(store: RunStore, wanted: string): Report {
  const run = store.find(wanted);
  const report = readReport(run);
  if (report) return report;
  const record = run.readRecord();
  throw new InputError([{ message: `${record.id} has no report yet: it is ${statusOf(record)}` }]);
}

function head({ run, verdict, reason, start, end }: Report) {
  return { run, verdict, reason, start, end };
}
