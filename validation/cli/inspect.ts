import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import pc from 'picocolors';
import type { Argv } from 'yargs';
import { describeOption } from '../config/options.ts';
import { InputError } from '../jdl/problem.ts';
import { formatDuration, formatUtc } from '../report/time.ts';
import { countStates } from '../runs/events.ts';
import { type RunRecord, type RunStatus, statusOf } from '../runs/record.ts';
import { type RunDir, RunStore } from '../runs/store.ts';
import { overview } from './progress.ts';
import { table } from './table.ts';

const COLOUR: Record<RunStatus, (text: string) => string> = {
  preparing: pc.cyan,
  running: pc.cyan,
  judging: pc.cyan,
  passed: pc.green,
  failed: pc.red,
  broken: pc.magenta,
  interrupted: pc.yellow,
};
const FOLLOW_MS = 500;

/** The flag that every command about runs has. */
export function runsOption<T>(yargs: Argv<T>) {
  return yargs.option('runs', {
    type: 'string',
    default: 'runs',
    describe: describeOption('runs'),
  });
}

/** The run that a command looks at. */
export function runArgument<T>(yargs: Argv<T>) {
  return runsOption(yargs).positional('run', {
    type: 'string',
    default: 'last',
    describe: 'Run id, the beginning of one, a run directory, or "last"',
  });
}

export function addList(program: Argv): void {
  program.command(
    ['list', 'ls'],
    'The runs, oldest first',
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
}

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

export function addStatus(program: Argv): void {
  program.command(
    'status [run]',
    'How far a run is, or how it ended',
    (command) =>
      runArgument(command)
        .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Go on until it has ended' })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
    async (args) => {
      const run = new RunStore(args.runs).find(args.run);
      for (;;) {
        const record = run.readRecord();
        const under = ['preparing', 'running', 'judging'].includes(statusOf(record));
        if (!args.follow || !under || process.stdout.isTTY) console.log(statusText(run, record, args.json));
        if (!args.follow || !under) return;
        await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
        if (process.stdout.isTTY) console.clear();
      }
    },
  );
}

function statusText(run: RunDir, record: RunRecord, json: boolean): string {
  const view = run.readView();
  const status = statusOf(record);
  if (json) {
    const steps = [...view.steps.values()];
    return JSON.stringify({ ...record, status, directory: run.path, counts: countStates(view), steps }, null, 2);
  }
  const head = `${record.id}  ${COLOUR[status](status)}${record.reason ? `: ${record.reason}` : ''}`;
  return `${head}\n${overview(view, record.ended ?? Date.now(), record.created)}\n${pc.dim(run.path)}`;
}

export function addLogs(program: Argv): void {
  program.command(
    'logs <run> <step>',
    'The log of a step',
    (command) =>
      runsOption(command)
        .positional('run', {
          type: 'string',
          demandOption: true,
          describe: 'Run id, or the beginning of one, or "last"',
        })
        .positional('step', { type: 'string', demandOption: true, describe: 'Step, e.g. sim0001' })
        .option('stderr', { type: 'boolean', default: false, describe: 'stderr.log instead of stdout.log' })
        .option('file', { type: 'string', describe: 'Another log of the step, e.g. logs/rec.log' })
        .option('attempt', { type: 'number', describe: 'Which attempt; the last one unless given' })
        .option('grep', {
          type: 'string',
          describe: 'Only lines that match this regular expression, with their numbers',
        }),
    async (args) => {
      const run = new RunStore(args.runs).find(args.run);
      const path = logPath(run, args.step, args.attempt, args.file ?? (args.stderr ? 'stderr.log' : 'stdout.log'));
      if (args.grep === undefined) await pipeline(createReadStream(path), process.stdout, { end: false });
      else await grep(path, args.grep);
    },
  );
}

function logPath(run: RunDir, step: string, attempt: number | undefined, file: string): string {
  const attempts = run.attempts(step);
  const chosen = attempt ?? attempts.at(-1);
  if (chosen === undefined) {
    const view = run.readView();
    const known = view.steps.get(step);
    const message = known
      ? `step ${step} has no log yet: it is ${known.state}`
      : `no step ${step} in this run; its steps are ${[...view.steps.keys()].slice(0, 12).join(', ')}…`;
    throw new InputError([{ message }]);
  }
  const path = join(run.attemptDir(step, chosen), file);
  if (!existsSync(path)) {
    throw new InputError([{ message: `no ${file} of ${step}, attempt ${chosen} (attempts: ${attempts.join(', ')})` }]);
  }
  return path;
}

async function grep(path: string, expression: string): Promise<void> {
  let pattern: RegExp;
  try {
    pattern = new RegExp(expression);
  } catch (error) {
    throw new InputError([{ message: `--grep: ${(error as Error).message}` }]);
  }
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (pattern.test(line)) process.stdout.write(`${number}:${line}\n`);
  }
}
