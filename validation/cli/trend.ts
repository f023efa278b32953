import { trendCsv } from '../history/csv.ts';
import { chosenNights, dateOf, type NightFilter, namesIn, nightsOf } from '../history/nights.ts';
import { appendLines, readLines } from '../history/store.ts';
import { trendOf } from '../history/trend.ts';
import { InputError } from '../input/input-error.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { trendText } from './output/trend-text.ts';
import { workflowsText } from './output/workflows-text.ts';
import { out } from './terminal.ts';

/** The default number of nights. */
const NIGHTS = 30;
/** The largest number of names in an error message. */
const NAMED = 10;

export const trendCommand = defineCommand(
  (command) =>
    runsOption(command)
      .positional('name', {
        type: 'string',
        describe:
          'Name of runs, for example of a nightly; or a workflow, for all its runs. Without it: all names, a line each',
      })
      .option('last', {
        type: 'number',
        requiresArg: true,
        default: NIGHTS,
        describe: 'Number of newest nights to show; older nights still count',
      })
      .option('since', {
        type: 'string',
        requiresArg: true,
        describe: 'Only nights from this date on, in UTC: 2026-11-01',
      })
      .option('release', {
        type: 'string',
        requiresArg: true,
        describe: 'Only nights of releases that match this pattern; * and ? are wildcards',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .option('csv', { type: 'boolean', default: false, describe: 'Print CSV, with one row for each night' }),
  async ({ name, last, since, release, runs: dir, json, csv }) => {
    if (!(Number.isInteger(last) && last > 0)) {
      throw new InputError([{ message: '--last: expected a number of nights, 1 or more' }]);
    }
    if (json && csv) throw new InputError([{ message: 'give --json or --csv, not both' }]);
    const filter = { since: since === undefined ? undefined : dateOf(since, '--since'), release };
    const store = new RunStore(dir);
    const runs = store.list().map(({ run, record }) => ({ path: run.path, record }));
    const known = readLines(store.dir);
    if (name === undefined) {
      if (csv) throw new InputError([{ message: '--csv needs the name of a history' }]);
      const workflows = namesIn(runs, known, last, filter);
      if (workflows.length === 0) throw new InputError([{ message: noNames(store.dir, filter) }]);
      if (json) out.sayJson({ workflows });
      else out.say(...workflowsText(workflows, out.columns));
      return;
    }
    const found = await nightsOf(name, runs, known);
    if (!found) throw new InputError([{ message: unknownName(name, store.dir, namesIn(runs, known, 1)) }]);
    keep(store.dir, found.fresh);
    const nights = chosenNights(found.nights, filter);
    if (nights.length === 0) {
      throw new InputError([
        { message: `none of the ${found.nights.length} nights of ${name} matches --since and --release` },
      ]);
    }
    const trend = trendOf(name, nights, last);
    if (json) out.sayJson(trend);
    else if (csv) await out.log(true).all([Buffer.from(trendCsv(trend))]);
    else out.say(...trendText(trend));
  },
);

/** A user without permission to write into the directory of runs can still read the history. Then the lines are made each time. */
function keep(dir: string, fresh: Parameters<typeof appendLines>[1]): void {
  try {
    appendLines(dir, fresh);
  } catch {
    // The history is shown even if it cannot be stored.
  }
}

function noNames(dir: string, { since, release }: NightFilter): string {
  if (since !== undefined || release !== undefined) return `no run in ${dir} matches --since and --release`;
  return `no run in ${dir} has ended (--runs names another directory)`;
}

function unknownName(name: string, dir: string, known: ReturnType<typeof namesIn>): string {
  if (known.length === 0) return `no history of ${name}: ${noNames(dir, {})}`;
  const names = [...new Set(known.flatMap((one) => [one.name, one.workflow]))];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `no history of ${name} in ${dir}; there are ${names.slice(0, NAMED).join(', ')}${more}`;
}
