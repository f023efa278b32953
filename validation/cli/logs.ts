import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pc from 'picocolors';
import { InputError } from '../input/input-error.ts';
import { lastLinesOffset } from '../logs/log-tail.ts';
import { logsOf, readResult } from '../runs/store/collect.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';
import { followLogs } from './output/follow-logs.ts';
import { hasTimes, linesOf, timeColumn } from './output/log-lines.ts';
import { table } from './output/table.ts';

export const logsCommand = defineCommand(
  (command) =>
    namedRunArgument(command)
      .positional('step', { type: 'string', describe: 'Step, e.g. sim0001' })
      .option('follow', {
        alias: 'f',
        type: 'boolean',
        default: false,
        describe: 'Go on as the log grows, from one attempt to the next, until the step has ended',
      })
      .option('stderr', { type: 'boolean', default: false, describe: 'stderr.log instead of stdout.log' })
      .option('file', { type: 'string', requiresArg: true, describe: 'Another log of the step, e.g. logs/rec.log' })
      .option('attempt', { type: 'number', describe: 'Which attempt; the last one unless given' })
      .option('tail', { alias: 'n', type: 'number', describe: 'Only so many of the last lines, and what follows' })
      .option('grep', {
        type: 'string',
        requiresArg: true,
        describe:
          'Only lines that match this regular expression, with their numbers; without a step in all logs of all steps',
      })
      .option('times', {
        alias: 't',
        type: 'boolean',
        default: false,
        describe: 'When the attempt ran and, of a log that was sent while it was written, when each line came (UTC)',
      })
      .option('json', {
        type: 'boolean',
        default: false,
        describe: 'What attempts and logs there are, or with --grep what was found and when it came, as JSON',
      })
      .check(({ tail, attempt, json, follow }) => {
        if ([tail, attempt].some((number) => number !== undefined && !(Number.isInteger(number) && number >= 0)))
          throw new InputError([{ message: 'logs: --tail and --attempt are whole numbers' }]);
        if (json && follow) throw new InputError([{ message: 'logs: --json and --follow do not go together' }]);
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
  /** No file was asked for. */
  anyFile: boolean;
  tail?: number | undefined;
  times: boolean;
  json: boolean;
}

/** @throws InputError there is no such step, or nothing of it */
function checkStep(run: RunDir, step: string, follow: boolean): void {
  const { steps } = run.readView();
  const known = steps.get(step);
  if (known && follow) return;
  const message = known
    ? `step ${step} has no log yet: it is ${known.state}${known.message ? ` (${known.message})` : ''}`
    : `no step ${step} in this run; its steps are ${[...steps.keys()].slice(0, 12).join(', ')}${steps.size > 12 ? '…' : ''}`;
  throw new InputError([{ message }]);
}

async function print(run: RunDir, step: string, { attempt, file, tail, times }: Asked): Promise<void> {
  const chosen = attempt ?? (run.attempts(step).at(-1) as number);
  const path = logPath(run, step, chosen, file);
  if (times) console.error(pc.dim(attemptLine(run, step, chosen)));
  if (times && hasTimes(path)) {
    await pipeline(
      async function* () {
        for await (const lines of linesOf(path, { tail, times })) {
          if (lines.length > 0) yield lines.map(({ time, text }) => `${pc.dim(timeColumn(time))}${text}\n`).join('');
        }
      },
      process.stdout,
      { end: false },
    );
    return;
  }
  if (times)
    console.error(pc.dim(`relval: nobody knows when the lines of ${file} came: it was not sent while it was written`));
  const start = tail === undefined ? 0 : await lastLinesOffset(path, tail);
  await pipeline(createReadStream(path, { start }), process.stdout, { end: false });
}

/** @throws InputError that says what there is */
function logPath(run: RunDir, step: string, attempt: number, file: string): string {
  const path = join(run.attemptDir(step, attempt), file);
  if (existsSync(path)) return path;
  const attempts = run.attempts(step).join(', ');
  throw new InputError([{ message: `no ${file} of ${step}, attempt ${attempt} (attempts: ${attempts})` }]);
}

async function follow(run: RunDir, { step, attempt, file, tail, times }: Asked, pattern?: RegExp): Promise<void> {
  const raw = step !== undefined && !pattern && !times;
  await followLogs(run, {
    step,
    attempt,
    file,
    tail,
    onNote: (note) => console.error(pc.dim(`relval: ${note}`)),
    onChunk: raw ? writeOut : undefined,
    times,
    onLine: ({ text, time }, of) => {
      if (pattern && !pattern.test(text)) return;
      const before = `${times ? timeColumn(time) : ''}${step === undefined ? `${of} | ` : ''}`;
      process.stdout.write(`${pc.dim(before)}${text}\n`);
    },
  });
}

/** Waits for a slow reader rather than to hold all for it. */
async function writeOut(chunk: Buffer): Promise<void> {
  if (!process.stdout.write(chunk)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}

async function grepLogs(run: RunDir, asked: Asked, pattern: RegExp): Promise<void> {
  const { step, json, anyFile, file, tail } = asked;
  const steps = step === undefined ? [...run.readView().steps.keys()] : [step];
  const found: { step: string; attempt: number; file: string; line: number; text: string; time?: number }[] = [];
  for (const id of steps) {
    const attempt = asked.attempt ?? run.attempts(id).at(-1);
    if (attempt === undefined) continue;
    const directory = run.attemptDir(id, attempt);
    const files = step === undefined && anyFile ? await logsOf(directory) : [file];
    if (step !== undefined) logPath(run, id, attempt, file);
    for (const name of files.filter((one) => existsSync(join(directory, one)))) {
      for await (const lines of linesOf(join(directory, name), { tail, pattern, times: json || asked.times })) {
        for (const { number: line, text, time } of lines) {
          if (json) found.push({ step: id, attempt, file: name, line, text, ...(time !== null && { time }) });
          else {
            const before = asked.times ? pc.dim(timeColumn(time)) : '';
            process.stdout.write(`${before}${step === undefined ? `${id}/${name}:` : ''}${line}:${text}\n`);
          }
        }
      }
    }
  }
  if (json) console.log(JSON.stringify(found, null, 2));
}

/** @throws InputError */
function parsePattern(expression: string): RegExp {
  try {
    return new RegExp(expression);
  } catch (error) {
    throw new InputError([{ message: `--grep: ${(error as Error).message}` }]);
  }
}

/** What there is: of each attempt when and where it ran, how it ended, its logs and their sizes. */
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
    console.log(JSON.stringify(listed, null, 2));
    return;
  }
  if (listed.length === 0) console.log('no step has a log yet');
  else {
    const rows = listed.map(({ step: id, attempt: number, logs, message, seconds }) => [
      id,
      `attempt ${number}`,
      seconds === undefined ? '' : formatDuration(seconds),
      `${logs.reduce((sum, { size }) => sum + size, 0)} bytes in ${logs.length} logs`,
      message ?? '',
    ]);
    console.log(table(rows));
  }
}

async function attemptOf(run: RunDir, step: string, attempt: number) {
  const directory = run.attemptDir(step, attempt);
  const result = readResult(join(directory, 'result.json'));
  const logs = (await logsOf(directory)).map((name) => ({ name, size: statSync(join(directory, name)).size }));
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
  const until = end === null ? '' : ` to ${formatUtc(end)} (${formatDuration((end - start) / 1000)})`;
  return `${head}: ${formatUtc(start)}${until} on ${host}${message ? `: ${message}` : ''}`;
}
