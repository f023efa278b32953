import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { InputError } from '../input/input-error.ts';
import { paint } from '../report/paint.ts';
import { type Change, SchedulerError } from '../schedule/change.ts';
import { Chronos } from '../schedule/chronos.ts';
import { chronosJobs, isSameJob } from '../schedule/chronos-job.ts';
import { applyCron, removeCron, stateOfCron } from '../schedule/crontab.ts';
import { commandOf, findNightly, loadNightlies, NIGHTLY_FILE, type Nightly } from '../schedule/nightly.ts';
import { applyUnits, removeUnits, type SystemdOptions, startUnit, stateOfUnits } from '../schedule/systemd.ts';
import { canonicalZone, clockChanges, nextStarts } from '../schedule/times.ts';
import { formatDuration, formatUtc } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { err, out, sayError } from './terminal.ts';

const ACTIONS = ['show', 'apply', 'remove', 'trigger'] as const;
const SCHEDULERS = ['chronos', 'systemd', 'cron'] as const;
type Scheduler = (typeof SCHEDULERS)[number];
/** Number of starts that `show` lists. */
const SHOWN = 5;
/** Exit status if a scheduler does not do what it should: an infrastructure failure. */
const EXIT_FAILED = 3;
const ANY_TIME = '--any-time';

interface ScheduleArguments {
  to?: Scheduler | undefined;
  file?: string | undefined;
  dryRun: boolean;
  json: boolean;
  chronos?: string | undefined;
  chronosCredentials?: string | undefined;
  units?: string | undefined;
}

export const scheduleCommand = defineCommand(
  (command) =>
    command
      .positional('action', {
        choices: ACTIONS,
        demandOption: true,
        describe: 'show, apply (give the nightly to the scheduler), remove, or trigger (start it now)',
      })
      .positional('name', { type: 'string', describe: 'Name of a nightly; show without a name shows all' })
      .option('file', {
        alias: 'f',
        type: 'string',
        requiresArg: true,
        describe: `File of nightlies; default: ${NIGHTLY_FILE} in this directory`,
      })
      .option('to', { choices: SCHEDULERS, describe: 'Scheduler; show without --to asks no scheduler' })
      .option('chronos', {
        type: 'string',
        requiresArg: true,
        describe: 'Addresses of Chronos, separated by commas, e.g. http://host:8080; default: $CHRONOS_URL',
      })
      .option('chronos-credentials', { type: 'string', requiresArg: true, describe: 'File with user:password' })
      .option('units', {
        type: 'string',
        requiresArg: true,
        describe: 'With --to systemd: only write the unit files to this directory, and do not call systemd',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only show what would change' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (args) => {
    try {
      if (args.action === 'show') await show(args.name, args);
      else await change(args.action, args.name, args);
    } catch (error) {
      if (error instanceof RangeError) throw new InputError([{ message: error.message }]);
      if (!(error instanceof SchedulerError)) throw error;
      sayError('relval', [error.message]);
      process.exitCode = EXIT_FAILED;
    }
  },
);

async function show(name: string | undefined, args: ScheduleArguments): Promise<void> {
  const nightlies = name === undefined ? [...loadNightlies(args.file).values()] : [findNightly(args.file, name)];
  const shown = [];
  for (const nightly of nightlies) {
    const now = Date.now();
    const state = args.to === undefined ? undefined : await stateOf(nightly, args.to, args, now);
    const { at: _at, ...rest } = nightly;
    shown.push({
      ...rest,
      next: nextStarts(nightly.times, now, SHOWN).map((time) => new Date(time).toISOString()),
      clockChanges: clockChanges(nightly.times, now).map(({ time, what }) => ({
        time: new Date(time).toISOString(),
        what,
      })),
      ...(state !== undefined && { scheduler: args.to, state }),
    });
  }
  if (args.json) out.sayJson(shown);
  else out.say(...shown.flatMap((one, n) => [...(n > 0 ? [''] : []), ...nightlyLines(one)]));
}

type Shown = Omit<Nightly, 'at'> & {
  next: string[];
  clockChanges: { time: string; what: string }[];
  scheduler?: string | undefined;
  state?: string[];
};

function nightlyLines({
  name,
  input,
  times,
  release,
  startWithin,
  whenRunning,
  next,
  clockChanges: changes,
  scheduler,
  state,
}: Shown): string[] {
  const version = release && `${release.package} ${release.tag ?? release.newest ?? release.today}`;
  const local = (time: string): string =>
    new Date(time).toLocaleString('en-GB', {
      timeZone: times.timeZone,
      weekday: 'short',
      dateStyle: undefined,
      day: '2-digit',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
    });
  return [
    `${paint.bold(name)}: ${input}${version ? `, ${version}` : ''}`,
    `  when:      ${times.cron} in ${times.timeZone}, may start ${formatDuration(startWithin)} late; if the last run has not ended: ${whenRunning}`,
    ...next.map((time, i) => `  ${i === 0 ? 'next:' : '     '}      ${local(time)}  (${formatUtc(Date.parse(time))})`),
    ...changes.map(({ time, what }) =>
      paint.yellow(
        what === 'skipped'
          ? `  attention: on that day the clock skips this time; it starts at ${local(time)}. Schedulers differ in that: choose another hour`
          : `  attention: on that day the clock shows this time twice; it starts at the first, ${local(time)}. Schedulers differ in that: choose another hour`,
      ),
    ),
    ...(state ?? []).map((line, i) => (i === 0 ? `  ${scheduler}:   ${line}` : `             ${line}`)),
  ];
}

async function stateOf(nightly: Nightly, to: Scheduler, args: ScheduleArguments, now: number): Promise<string[]> {
  if (to === 'systemd') return [await stateOfUnits(nightly, thisProgram(), systemdOptions(args))];
  if (to === 'cron') return [await stateOfCron(nightly, thisProgram())];
  const found = await chronosOf(args).jobsOf(nightly.name);
  const wanted = chronosJobs(nightly, now);
  const same = wanted.every((job) => found.some((other) => other.name === job.name && isSameJob(job, other)));
  const state = found.length === 0 ? 'absent' : same && found.length === wanted.length ? 'installed' : 'changed';
  const jobs = found.map(
    (job) =>
      `${job.name} ${job.schedule}: ${job.successCount ?? 0} succeeded, ${job.errorCount ?? 0} failed, last ${job.lastSuccess || 'never'} and ${job.lastError || 'never'}`,
  );
  return [state, ...jobs];
}

async function change(
  action: Exclude<(typeof ACTIONS)[number], 'show'>,
  name: string | undefined,
  args: ScheduleArguments,
): Promise<void> {
  const { to, dryRun, json } = args;
  if (name === undefined) throw new InputError([{ message: `schedule ${action}: give the name of a nightly` }]);
  if (to === undefined) throw new InputError([{ message: `schedule ${action}: give --to ${SCHEDULERS.join('|')}` }]);
  const changes =
    action === 'remove'
      ? await remove(name, to, args)
      : await applyOrStart(action, findNightly(args.file, name), to, args);
  if (json) out.sayJson(changes);
  else for (const { what, name: part } of changes) out.say(`${dryRun ? 'would be ' : ''}${what}: ${part}`);
}

/** Removes a nightly from its scheduler, even if its file no longer has it or no longer exists. */
async function remove(name: string, to: Scheduler, args: ScheduleArguments): Promise<Change[]> {
  if (to === 'chronos') return chronosOf(args).remove(name, args.dryRun);
  return to === 'systemd'
    ? removeUnits(name, systemdOptions(args), args.dryRun)
    : [await removeCron(name, args.dryRun)];
}

async function applyOrStart(
  action: 'apply' | 'trigger',
  nightly: Nightly,
  to: Scheduler,
  args: ScheduleArguments,
): Promise<Change[]> {
  const { dryRun } = args;
  const words = thisProgram();
  if (action === 'apply') {
    if (to === 'chronos') return chronosOf(args).apply(nightly, Date.now(), dryRun);
    if (to === 'systemd') return applyUnits(nightly, words, systemdOptions(args), dryRun);
    const system = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (system !== canonicalZone(nightly.times.timeZone)) {
      err.say(
        `${paint.yellow('warning')}: this machine's time zone is ${system}. cronie uses CRON_TZ, but Debian's cron ignores it and would start at the wrong hour`,
      );
    }
    return [await applyCron(nightly, words, dryRun)];
  }
  if (to === 'chronos') return [await chronosOf(args).trigger(nightly.name, ANY_TIME, dryRun)];
  const command = [...commandOf(nightly, words), ANY_TIME];
  if (to === 'systemd') return [await startUnit(nightly, command, !isRoot(), dryRun)];
  // cron has no command to start a job, so the same command runs here.
  if (!dryRun) process.exitCode = runNow(nightly, command);
  return [{ what: 'started', name: command.join(' ') }];
}

function runNow({ file, environment }: Nightly, [program = '', ...words]: readonly string[]): number {
  const { status, error } = spawnSync(program, words, {
    cwd: resolve(file, '..'),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw new SchedulerError(`${program} cannot be started: ${error.message}`);
  return status ?? EXIT_FAILED;
}

/** Absolute paths of Node.js and relval: the PATH of a scheduler may contain neither. */
function thisProgram(): string[] {
  return [process.execPath, realpathSync(process.argv[1] ?? '')];
}

function systemdOptions({ units }: ScheduleArguments): SystemdOptions {
  if (units !== undefined) return { directory: resolve(units), systemctl: undefined };
  return isRoot()
    ? { directory: '/etc/systemd/system', systemctl: ['systemctl'] }
    : { directory: join(homedir(), '.config', 'systemd', 'user'), systemctl: ['systemctl', '--user'] };
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** @throws InputError if there is no valid address, or the credentials cannot be read */
function chronosOf({ chronos = process.env.CHRONOS_URL, chronosCredentials }: ScheduleArguments): Chronos {
  const addresses = (chronos ?? '').split(',').filter((address) => address !== '');
  const bad = addresses.find((address) => !/^https?:\/\//.test(address) || !URL.canParse(address));
  if (addresses.length === 0 || bad !== undefined) {
    throw new InputError([{ message: `--chronos ${bad ?? ''}: expected addresses such as http://host:8080` }]);
  }
  return new Chronos({ addresses, credentials: chronosCredentials && credentialsIn(chronosCredentials) });
}

function credentialsIn(file: string): string {
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (/^[^:\n]+:[^\n]+$/.test(text)) return text;
  } catch (error) {
    throw new InputError([{ message: `--chronos-credentials ${file}: ${(error as Error).message}` }]);
  }
  throw new InputError([{ message: `--chronos-credentials ${file}: expected one line, user:password` }]);
}
