import { compareRuns } from '../checks/compare.ts';
import { InputError } from '../input/input-error.ts';
import { renderComparison } from '../report/comparison.ts';
import type { Report } from '../report/model.ts';
import { inColour } from '../report/paint.ts';
import { goodBefore, readReport } from '../runs/judging/reference.ts';
import { statusOf } from '../runs/store/record.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { diffLogs } from './output/log-diff.ts';
import { when } from './output/zone.ts';
import { out } from './terminal.ts';

export const diffCommand = defineCommand(
  (command) =>
    runsOption(command)
      .positional('a', { type: 'string', demandOption: true, describe: 'First run (earlier)' })
      .positional('b', {
        type: 'string',
        describe: 'Second run (later); without it, the first run is compared with its reference',
      })
      .option('step', {
        type: 'string',
        requiresArg: true,
        describe:
          'Compare a log of this step line by line. In the earlier run: the step of the same name, or of the same place in the same stage',
      })
      .option('log', {
        type: 'string',
        requiresArg: true,
        implies: 'step',
        describe: 'The log to compare, e.g. stderr or logs/rec.log; default: stdout',
      })
      .option('exact', {
        type: 'boolean',
        default: false,
        describe: 'With --step: lines differ even if only their times, numbers, addresses, hosts or directories differ',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (args) => {
    const store = new RunStore(args.runs);
    const { earlier, later } = runsOf(store, args.a, args.b);
    if (args.step !== undefined) {
      await diffLogs(earlier, later, {
        step: args.step,
        log: args.log ?? 'stdout',
        exact: args.exact,
        json: args.json,
      });
      return;
    }
    const a = reportOf(earlier);
    const b = reportOf(later);
    const comparison = compareRuns(a, b);
    if (args.json) out.sayJson({ a: head(a), b: head(b), ...comparison });
    else out.sayText(renderComparison(a, b, comparison, { colour: inColour, when }));
  },
);

/** @throws InputError if there is no such run, or nothing to compare it with */
function runsOf(store: RunStore, a: string, b: string | undefined): { earlier: RunDir; later: RunDir } {
  const first = store.find(a);
  if (b !== undefined) return { earlier: first, later: store.find(b) };
  const record = first.readRecord();
  const reference = readReport(first)?.reference?.run;
  const earlier = reference === undefined ? goodBefore(store.list(), record)[0]?.run : store.find(reference);
  if (earlier) return { earlier, later: first };
  const message = `no good run of this workflow is before ${record.id}: name a run to compare it with`;
  throw new InputError([{ message }]);
}

/** @throws InputError if it has no report */
function reportOf(run: RunDir): Report {
  const report = readReport(run);
  if (report) return report;
  const record = run.readRecord();
  throw new InputError([{ message: `${record.id} has no report yet, because it is ${statusOf(record, run.path)}` }]);
}

function head({ run, verdict, reason, start, end }: Report) {
  return { run, verdict, reason, start, end };
}
