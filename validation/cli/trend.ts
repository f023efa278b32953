import { trendCsv } from '../history/csv.ts';
import { chosenNights, dateOf, namesIn, nightsOf } from '../history/nights.ts';
import { appendLines, readLines } from '../history/store.ts';
import { trendOf } from '../history/trend.ts';
import { InputError } from '../input/input-error.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { trendText } from './output/trend-text.ts';
import { out } from './terminal.ts';

/** Nights that are shown unless the user says otherwise. */
const NIGHTS = 30;
/** Names that an error lists. */
const NAMED = 10;

export const trendCommand = defineCommand(
  (command) =>
    runsOption(command)
      .positional('name', {
        type: 'string',
        demandOption: true,
        describe: 'Name of the runs, for example of a nightly; or a workflow: then its runs of all names',
      })
      .option('last', {
        type: 'number',
        requiresArg: true,
        default: NIGHTS,
        describe: 'Number of nights to show, the newest ones; the others count all the same',
      })
      .option('since', {
        type: 'string',
        requiresArg: true,
        describe: 'Only nights from this date on, in UTC: 2026-11-01',
      })
      .option('release', {
        type: 'string',
        requiresArg: true,
        describe: 'Only nights of releases that match this pattern: * is any text, ? one character',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .option('csv', { type: 'boolean', default: false, describe: 'Print CSV, a night a row' }),
  async ({ name, last, since, release, runs: dir, json, csv }) => {
    if (!(Number.isInteger(last) && last > 0)) {
      throw new InputError([{ message: '--last: expected a number of nights, 1 or more' }]);
    }
    if (json && csv) throw new InputError([{ message: 'give --json or --csv, not both' }]);
    const filter = { since: since === undefined ? undefined : dateOf(since, '--since'), release };
    const store = new RunStore(dir);
    const runs = store.list().map(({ run, record }) => ({ path: run.path, record }));
    const known = readLines(store.dir);
    const found = await nightsOf(name, runs, known);
    if (!found) throw new InputError([{ message: unknownName(name, store.dir, namesIn(runs, known)) }]);
    keep(store.dir, found.fresh);
    const nights = chosenNights(found.nights, filter);
    if (nights.length === 0) {
      throw new InputError([
        { message: `none of the ${found.nights.length} nights of ${name} fits --since and --release` },
      ]);
    }
    const trend = trendOf(name, nights, last);
    if (json) out.sayJson(trend);
    else if (csv) await out.log(true).all([Buffer.from(trendCsv(trend))]);
    else out.say(...trendText(trend));
  },
);

/** Who only reads a directory of runs needs no permission to write there: then the lines are made again the next time. */
function keep(dir: string, fresh: Parameters<typeof appendLines>[1]): void {
  try {
    appendLines(dir, fresh);
  } catch {
    // The history is shown all the same.
  }
}

function unknownName(name: string, dir: string, known: ReturnType<typeof namesIn>): string {
  if (known.length === 0) return `no history of ${name}: no run in ${dir} has ended (--runs names another directory)`;
  const names = [...new Set(known.flatMap((one) => [one.name, one.workflow]))];
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `no history of ${name} in ${dir}; there are ${names.slice(0, NAMED).join(', ')}${more}`;
}
