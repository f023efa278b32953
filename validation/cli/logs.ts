import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openRegular } from '../files/regular-file.ts';
import { InputError } from '../input/input-error.ts';
import { lastLinesOffset } from '../logs/log-tail.ts';
import { paint } from '../report/paint.ts';
import { logsOf, readResult } from '../runs/store/collect.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { counted } from '../units/count.ts';
import { formatDuration } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';
import { followLogs } from './output/follow-logs.ts';
import { hasTimes, linesOf, matching, timeColumn } from './output/log-lines.ts';
import { table } from './output/table.ts';
import { when } from './output/zone.ts';
import { err, out } from './terminal.ts';

export const logsCommand = defineCommand(
  (command) =>
    namedRunArgument(command)
      .positional('step', { type: 'string', describe: 'Id of a step, e.g. sim0001' })
      .option('follow', {
        alias: 'f',
        type: 'boolean',
        default: false,
        describe: 'Follow the log as it grows, also in later attempts, until the step has ended',
      })
      .option('stderr', { type: 'boolean', default: false, describe: 'Show stderr.log instead of stdout.log' })
      .option('file', {
        type: 'string',
        requiresArg: true,
        describe: 'Show another log of the step, e.g. logs/rec.log',
      })
      .option('attempt', { type: 'number', describe: 'Number of the attempt; default: the last one' })
      .option('tail', {
        alias: 'n',
        type: 'number',
        describe: 'Show only this number of last lines; with --follow, also new ones',
      })
      .option('grep', {
        type: 'string',
        requiresArg: true,
        describe:
          'Show only lines that match this regular expression, with their line numbers; without a step: search all logs of all steps',
      })
      .option('times', {
        alias: 't',
        type: 'boolean',
        default: false,
        describe: 'Show when the attempt ran, and when each line arrived (UTC), if the log was sent while the step ran',
      })
      .option('raw', {
        type: 'boolean',
        default: false,
        describe:
          'Print all bytes unchanged, also control sequences to a terminal. Use it only for logs that you trust',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'Print the attempts and their logs as JSON; with --grep: the matching lines',
      })
      .check(({ tail, attempt, json, follow }) => {
        if ([tail, attempt].some((number) => number !== undefined && !(Number.isInteger(number) && number >= 0)))
          throw new InputError([{ message: 'logs: --tail and --attempt need a whole number' }]);
        if (json && follow) throw new InputError([{ message: 'logs: --json and --follow cannot be used together' }]);
        return true;
      }),
  async (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const pattern = args.grep === undefined ? undefined : parsePattern(args.grep);
    const file = args.file ?? (args.stderr ? 'stderr.log' : 'stdout.log');
    const asked = { ...args, file, anyFile: args.file === undefined && !args.stderr };
    if (args.step !== undefined && !run.attempts(args.step).length) checkStep(run, args.step, args.follow);
    if (args.follow) await follow(run, asked, pattern);
    else if (pattern) await grepLogs(run, asked, pattern);
    else if (args.step === undefined || args.json) await list(run, asked);
    else await print(run, args.step, asked);
  },
);

interface Asked {
  step?: string | undefined;
  attempt?: number | undefined;
  file: string;
  /** Whether the user named no file. */
  anyFile: boolean;
  tail?: number | undefined;
  times: boolean;
  /** Whether the log is printed unchanged, also to a terminal. */
  raw: boolean;
  json: boolean;
}

/** @throws InputError if there is no such step, or it has no log */
function checkStep(run: RunDir, step: string, follow: boolean): void {
  const { steps } = run.readView();
  const known = steps.get(step);
  if (known && follow) return;
  const message = known
    ? `step ${step} has no log yet, because it is ${known.state}${known.message ? ` (${known.message})` : ''}`
    : `this run has no step ${step}; its steps are ${[...steps.keys()].slice(0, 12).join(', ')}${steps.size > 12 ? '…' : ''}`;
  throw new InputError([{ message }]);
}

async function print(run: RunDir, step: string, { attempt, file, tail, times, raw }: Asked): Promise<void> {
  const chosen = attempt ?? (run.attempts(step).at(-1) as number);
  const path = logPath(run, step, chosen, file);
  if (times) err.say(paint.dim(attemptLine(run, step, chosen)));
  if (times && hasTimes(path)) {
    for await (const lines of linesOf(path, { tail, times })) {
      await out.sayLogLines(
        lines.map(({ time, text }) => ({ before: paint.dim(timeColumn(time)), text })),
        raw,
      );
    }
    return;
  }
  if (times)
    err.say(
      paint.dim(
        `relval: the times of the lines of ${file} are not known, because the log was not sent while the step ran`,
      ),
    );
  const start = tail === undefined ? 0 : await lastLinesOffset(path, tail);
  await out.log(raw).all((await openRegular(path)).createReadStream({ start }));
}

/** @throws InputError if there is no such log */
function logPath(run: RunDir, step: string, attempt: number, file: string): string {
  const path = join(run.attemptDir(step, attempt), file);
  if (existsSync(path)) return path;
  const attempts = run.attempts(step).join(', ');
  throw new InputError([{ message: `attempt ${attempt} of ${step} has no ${file} (attempts: ${attempts})` }]);
}

async function follow(run: RunDir, { step, attempt, file, tail, times, raw }: Asked, pattern?: RegExp): Promise<void> {
  const whole = step !== undefined && !pattern && !times ? out.log(raw) : undefined;
  await followLogs(run, {
    step,
    attempt,
    file,
    tail,
    onNote: (note) => err.say(paint.dim(`relval: ${note}`)),
    onChunk: whole && ((chunk) => whole.write(chunk)),
    times,
    onLine: async ({ text, time }, of) => {
      if (pattern && !matching([{ text }], pattern).length) return;
      const before = `${times ? timeColumn(time) : ''}${step === undefined ? `${of} | ` : ''}`;
      await out.sayLogLines([{ before: paint.dim(before), text }], raw);
    },
  });
  await whole?.end();
}

async function grepLogs(run: RunDir, asked: Asked, pattern: RegExp): Promise<void> {
  const { step, json, anyFile, file, tail, raw } = asked;
  const steps = step === undefined ? [...run.readView().steps.keys()] : [step];
  const found: { step: string; attempt: number; file: string; line: number; text: string; time?: number }[] = [];
  for (const id of steps) {
    const attempt = asked.attempt ?? run.attempts(id).at(-1);
    if (attempt === undefined) continue;
    const directory = run.attemptDir(id, attempt);
    const files = step === undefined && anyFile ? logsOf(directory) : [file];
    if (step !== undefined) logPath(run, id, attempt, file);
    for (const name of files.filter((one) => existsSync(join(directory, one)))) {
      for await (const lines of linesOf(join(directory, name), { tail, pattern, times: json || asked.times })) {
        if (json) {
          for (const { number: line, text, time } of lines)
            found.push({ step: id, attempt, file: name, line, text, ...(time !== null && { time }) });
          continue;
        }
        const shown = lines.map(({ number, text, time }) => {
          const when = asked.times ? paint.dim(timeColumn(time)) : '';
          return { before: `${when}${step === undefined ? `${id}/${name}:` : ''}${number}:`, text };
        });
        await out.sayLogLines(shown, raw);
      }
    }
  }
  if (json) out.sayJson(found);
}

/** @throws InputError */
function parsePattern(expression: string): RegExp {
  try {
    return new RegExp(expression);
  } catch (error) {
    throw new InputError([{ message: `--grep: ${(error as Error).message}` }]);
  }
}

/** Lists the attempts: when and where each ran, how it ended, its logs and their sizes. */
async function list(run: RunDir, { step, attempt, json }: Asked): Promise<void> {
  const view = run.readView();
  const steps =
    step === undefined ? [...view.steps.values()].filter((one) => one.attempt > 0).map(({ id }) => id) : [step];
  const listed = [];
  for (const id of steps) {
    const attempts = run.attempts(id).filter((number) => attempt === undefined || number === attempt);
    for (const number of attempts) listed.push({ step: id, ...(await attemptOf(run, id, number)) });
  }
  if (json) {
    out.sayJson(listed);
    return;
  }
  if (listed.length === 0) out.say('No step has a log yet.');
  else {
    const rows = listed.map(({ step: id, attempt: number, logs, message, seconds }) => [
      id,
      `attempt ${number}`,
      seconds === undefined ? '' : formatDuration(seconds),
      `${counted(
        logs.reduce((sum, { size }) => sum + size, 0),
        'byte',
      )} in ${counted(logs.length, 'log')}`,
      message ?? '',
    ]);
    out.say(...table(rows));
  }
}

async function attemptOf(run: RunDir, step: string, attempt: number) {
  const directory = run.attemptDir(step, attempt);
  const result = readResult(join(directory, 'result.json'));
  const logs = logsOf(directory).map((name) => ({ name, size: statSync(join(directory, name)).size }));
  if (!result) return { attempt, logs };
  const { start, end, host, exitStatus, signal, message } = result;
  const seconds = end === null ? undefined : (end - start) / 1000;
  return { attempt, start, end, seconds, host, exitStatus, signal, message, logs };
}

function attemptLine(run: RunDir, step: string, attempt: number): string {
  const result = readResult(join(run.attemptDir(step, attempt), 'result.json'));
  const head = `relval: ${step}, attempt ${attempt}`;
  if (!result) return head;
  const { start, end, host, message } = result;
  const until = end === null ? '' : ` to ${when(end)} (${formatDuration((end - start) / 1000)})`;
  return `${head}: ${when(start)}${until} on ${host}${message ? `: ${message}` : ''}`;
}
