import { type RunRecord, statusOf } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { COLOUR } from './output/run-colours.ts';
import { table } from './output/table.ts';

export const listCommand = defineCommand(
  (command) => runsOption(command).option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  (args) => {
    const runs = new RunStore(args.runs).list();
    if (args.json) {
      console.log(
        JSON.stringify(
          runs.map(({ run, record }) => ({ ...record, status: statusOf(record), directory: run.path })),
          null,
          2,
        ),
      );
    } else if (runs.length === 0) console.log(`no runs in ${new RunStore(args.runs).dir}`);
    else console.log(table(runs.map(({ record }) => listRow(record))));
  },
);

function listRow(record: RunRecord): string[] {
  const status = statusOf(record);
  const { totals } = record;
  const seconds = ((record.ended ?? Date.now()) - record.created) / 1000;
  const took = status === 'interrupted' && record.ended === undefined ? '' : formatDuration(seconds);
  return [
    record.id,
    COLOUR[status](status),
    `${totals.succeeded}/${totals.steps} steps`,
    formatUtc(record.created),
    took,
    record.reason ?? '',
  ];
}
