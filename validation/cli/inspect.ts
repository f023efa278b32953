import pc from 'picocolors';
import type { Argv } from 'yargs';
import { describeOption } from '../config/options.ts';
import { type RunRecord, type RunStatus, statusOf } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { table } from './table.ts';

/** What the states of runs look like. */
export const COLOUR: Record<RunStatus, (text: string) => string> = {
  preparing: pc.cyan,
  running: pc.cyan,
  judging: pc.cyan,
  passed: pc.green,
  failed: pc.red,
  broken: pc.magenta,
  interrupted: pc.yellow,
};

/** The flag that every command about runs has. */
export function runsOption<T>(yargs: Argv<T>) {
  return yargs.option('runs', {
    type: 'string',
    default: 'runs',
    describe: describeOption('runs'),
  });
}

const A_RUN = 'Run id, the beginning of one, a run directory, or "last"';

/** The run that a command is about, the newest one unless it is named. */
export function runArgument<T>(yargs: Argv<T>) {
  return runsOption(yargs).positional('run', { type: 'string', default: 'last', describe: A_RUN });
}

/** The run that a command is about, which must be named. */
export function namedRunArgument<T>(yargs: Argv<T>) {
  return runsOption(yargs).positional('run', { type: 'string', demandOption: true, describe: A_RUN });
}

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
