import { paint } from '../report/paint.ts';
import { type RunRecord, statusOf } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { COLOUR } from './output/run-colours.ts';
import { table } from './output/table.ts';
import { out } from './terminal.ts';

export const listCommand = defineCommand(
  (command) => runsOption(command).option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  (args) => {
    const store = new RunStore(args.runs);
    const { runs, unreadable } = store.look();
    if (args.json) {
      out.sayJson([
        ...runs.map(({ run, record }) => ({ ...record, status: statusOf(record), directory: run.path })),
        ...unreadable.map(({ name, run, reason }) => ({ id: name, status: 'unreadable', reason, directory: run.path })),
      ]);
    } else if (runs.length + unreadable.length === 0) out.say(`no runs in ${store.dir}`);
    else {
      const rows = unreadable.map(({ name, reason }) => [name, paint.red('unreadable'), '', '', '', reason]);
      out.say(...table([...runs.map(({ record }) => listRow(record)), ...rows]));
    }
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
