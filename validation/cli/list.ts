import { InputError } from '../input/input-error.ts';
import { paint } from '../report/paint.ts';
import { type RunStatus, type RunSummary, STATUSES, statusOf } from '../runs/store/record.ts';
import { fits, parseStatuses, type RunFilter } from '../runs/store/run-filter.ts';
import { type FoundRuns, RunStore } from '../runs/store/store.ts';
import { counted } from '../units/count.ts';
import { instant } from '../units/parse.ts';
import { formatDuration } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { COLOUR } from './output/run-colours.ts';
import { table } from './output/table.ts';
import { when } from './output/zone.ts';
import { out } from './terminal.ts';

export const listCommand = defineCommand(
  (command) =>
    runsOption(command)
      .group(['status', 'workflow', 'name', 'release', 'since', 'accepted'], 'Which runs:')
      .option('status', {
        type: 'string',
        requiresArg: true,
        describe: `Only runs with this status; several are separated by commas: ${STATUSES.join(',')}`,
      })
      .option('workflow', {
        type: 'string',
        requiresArg: true,
        describe: 'Only runs of this workflow; * and ? are wildcards',
      })
      .option('name', { type: 'string', requiresArg: true, describe: 'Only runs of this name; * and ? are wildcards' })
      .option('release', {
        type: 'string',
        requiresArg: true,
        describe: 'Only runs of this release; * and ? are wildcards',
      })
      .option('since', {
        type: 'string',
        requiresArg: true,
        describe: 'Only runs that started after this time: 7d, 12h, 2030-01-31, or 2030-01-31T12:00',
      })
      .option('accepted', { type: 'boolean', describe: 'Only accepted runs; --no-accepted: only the others' })
      .option('newest-first', {
        alias: 'r',
        type: 'boolean',
        default: false,
        describe: 'Newest run first; default: last',
      })
      .option('last', { alias: 'n', type: 'number', requiresArg: true, describe: 'Only this number of newest runs' })
      .option('pager', {
        type: 'boolean',
        default: true,
        describe: 'At a terminal, show a long list in $PAGER (less); --no-pager: print it',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (args) => {
    const store = new RunStore(args.runs);
    const filter = filterOf(args);
    const isFiltered = Object.keys(filter).length > 0;
    const found: FoundRuns<RunSummary> = args.json ? store.look() : store.overview();
    const all = found.runs.map(({ run, record }) => ({ run, record, status: statusOf(record, run.path) }));
    const fitting = all.filter(({ record, status }) => fits(filter, record, status));
    const runs = args.last === undefined ? fitting : fitting.slice(Math.max(0, fitting.length - args.last));
    if (args.newestFirst) runs.reverse();
    const unreadable = isFiltered ? [] : found.unreadable;
    if (args.json) {
      out.sayJson([
        ...runs.map(({ run, record, status }) => ({ ...record, status, directory: run.path })),
        ...unreadable.map(({ name, run, reason }) => ({ id: name, status: 'unreadable', reason, directory: run.path })),
      ]);
    } else if (runs.length + unreadable.length === 0)
      out.say(
        all.length === 0 ? `no runs in ${store.dir}` : `none of ${counted(all.length, 'run')} in ${store.dir} matches`,
      );
    else {
      const rows = unreadable.map(({ name, reason }) => [name, paint.red('unreadable'), '', '', '', '', reason]);
      const lines = table([
        HEADER.map(paint.dim),
        ...runs.map(({ record, status }) => listRow(record, status)),
        ...rows,
      ]);
      await out.page(lines, args.pager);
    }
  },
);

interface FilterFlags {
  status?: string | undefined;
  workflow?: string | undefined;
  name?: string | undefined;
  release?: string | undefined;
  since?: string | undefined;
  accepted?: boolean | undefined;
  last?: number | undefined;
}

/** @throws InputError with the name of the wrong flag */
function filterOf({ status, workflow, name, release, since, accepted, last }: FilterFlags): RunFilter {
  const statuses = status === undefined ? undefined : parseStatuses(status);
  if (statuses !== undefined && 'unknown' in statuses)
    throw new InputError([{ message: `--status ${statuses.unknown}: expected some of ${STATUSES.join(', ')}` }]);
  const from = since === undefined ? undefined : instant(since, Date.now());
  if (since !== undefined && from === undefined)
    throw new InputError([
      { message: `--since ${since}: expected an age such as 7d, a day such as 2030-01-31, or a time` },
    ]);
  if (last !== undefined && !(Number.isInteger(last) && last > 0))
    throw new InputError([{ message: '--last: expected a number of runs' }]);
  return {
    ...(statuses && { status: statuses }),
    ...(workflow !== undefined && { workflow }),
    ...(name !== undefined && { name }),
    ...(release !== undefined && { release }),
    ...(from !== undefined && { since: from }),
    ...(accepted !== undefined && { accepted }),
  };
}

const HEADER = ['run', 'status', 'steps', 'release', 'started', 'took', 'reason'];

function listRow(record: RunSummary, status: RunStatus): string[] {
  const { totals } = record;
  const seconds = ((record.ended ?? Date.now()) - record.created) / 1000;
  const took = status === 'interrupted' && record.ended === undefined ? '' : formatDuration(seconds);
  return [
    record.id,
    COLOUR[status](status) + (record.accepted ? ' (accepted)' : ''),
    `${totals.succeeded}/${totals.steps}`,
    record.release ?? '',
    when(record.created),
    took,
    record.reason ?? '',
  ];
}
