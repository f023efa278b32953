import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Change, SchedulerError } from './change.ts';
import { commandOf, type Nightly } from './nightly.ts';
import { fieldsOf, type Times } from './times.ts';

/** Where units are, and whether systemd is called. */
export interface SystemdOptions {
  /** Directory of the unit files. */
  directory: string;
  /** `systemctl` and its flags; undefined: write the files only, for a machine that is set up in another way. */
  systemctl: readonly string[] | undefined;
}

const WEEKDAY_NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Calendar expressions (systemd.time(7)) for the same times; two if cron combines days of the month and of the week. */
export function calendarsOf({ cron, timeZone }: Times): string[] {
  const { minutes, hours, days, months, weekdays } = fieldsOf(cron);
  const two = (numbers: readonly number[] | undefined): string =>
    numbers?.map((number) => String(number).padStart(2, '0')).join(',') ?? '*';
  const expression = (week: readonly number[] | undefined, day: readonly number[] | undefined): string => {
    const prefix = week && week.length < 7 ? `${week.map((number) => WEEKDAY_NAMES[number]).join(',')} ` : '';
    return `${prefix}*-${two(months)}-${two(day)} ${two(hours)}:${two(minutes)}:00 ${timeZone}`;
  };
  return days && weekdays
    ? [expression(weekdays, undefined), expression(undefined, days)]
    : [expression(weekdays, days)];
}

export interface Unit {
  name: string;
  text: string;
}

/**
 * A service that runs a nightly once, and the timer that starts it.
 * @param fallback the command for `relval`, with an absolute path, because systemd has its own PATH
 */
export function unitsOf(nightly: Nightly, fallback: readonly string[]): { service: Unit; timer: Unit } {
  const { name, file, times, environment } = nightly;
  const base = unitName(name);
  const description = `Description=relval nightly ${name}: ${specifiers(nightly.description ?? nightly.input)}`;
  const service = [
    '[Unit]',
    description,
    'After=network-online.target',
    'Wants=network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    `WorkingDirectory=${specifiers(dirname(file))}`,
    ...Object.entries(environment).map(([key, value]) => `Environment=${word(`${key}=${value}`)}`),
    `ExecStart=${execLine(commandOf(nightly, fallback))}`,
    'TimeoutStartSec=infinity',
    '# relval stops its run, and ends all processes that it has started',
    'KillMode=mixed',
    'TimeoutStopSec=2min',
    '',
  ];
  const timer = [
    '[Unit]',
    description,
    '',
    '[Timer]',
    ...calendarsOf(times).map((calendar) => `OnCalendar=${calendar}`),
    '# a missed start happens late; relval decides whether it is too late',
    'Persistent=true',
    'AccuracySec=1s',
    `Unit=${base}.service`,
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ];
  return {
    service: { name: `${base}.service`, text: service.join('\n') },
    timer: { name: `${base}.timer`, text: timer.join('\n') },
  };
}

/** Writes the units of a nightly if they differ, and starts the timer. @throws SchedulerError */
export async function applyUnits(
  nightly: Nightly,
  fallback: readonly string[],
  options: SystemdOptions,
  dryRun: boolean,
): Promise<Change[]> {
  const { service, timer } = unitsOf(nightly, fallback);
  const changes: Change[] = [];
  for (const unit of [service, timer]) {
    const path = join(options.directory, unit.name);
    const before = await textOf(path);
    const what = before === undefined ? 'created' : before === unit.text ? 'unchanged' : 'updated';
    if (what !== 'unchanged' && !dryRun) {
      await mkdir(options.directory, { recursive: true });
      await writeFile(path, unit.text);
    }
    changes.push({ what, name: path });
  }
  if (!dryRun && options.systemctl) {
    await systemctl(options.systemctl, 'daemon-reload');
    await systemctl(options.systemctl, 'enable', timer.name);
    await systemctl(options.systemctl, 'restart', timer.name);
  }
  return changes;
}

/** @throws SchedulerError */
export async function removeUnits(name: string, options: SystemdOptions, dryRun: boolean): Promise<Change[]> {
  const names = [`${unitName(name)}.timer`, `${unitName(name)}.service`];
  const paths = names.map((unit) => join(options.directory, unit));
  const there = await Promise.all(paths.map(async (path) => (await textOf(path)) !== undefined));
  if (!there.includes(true)) return [{ what: 'absent', name: paths[0] as string }];
  if (!dryRun) {
    if (options.systemctl) await systemctl(options.systemctl, 'disable', '--now', names[0] as string);
    for (const path of paths) await rm(path, { force: true });
    if (options.systemctl) await systemctl(options.systemctl, 'daemon-reload');
  }
  return paths.filter((_path, i) => there[i]).map((path) => ({ what: 'removed', name: path }));
}

/** Whether the units of a nightly exist and are up to date. */
export async function stateOfUnits(
  nightly: Nightly,
  fallback: readonly string[],
  { directory }: SystemdOptions,
): Promise<'installed' | 'changed' | 'absent'> {
  const { service, timer } = unitsOf(nightly, fallback);
  const texts = await Promise.all([service, timer].map(({ name }) => textOf(join(directory, name))));
  if (texts.every((text) => text === undefined)) return 'absent';
  return texts[0] === service.text && texts[1] === timer.text ? 'installed' : 'changed';
}

/**
 * Starts a nightly now, as a separate unit, because a service cannot be started with one more argument.
 * @throws SchedulerError
 */
export async function startUnit(
  nightly: Nightly,
  words: readonly string[],
  userManager: boolean,
  dryRun: boolean,
): Promise<Change> {
  const name = `${unitName(nightly.name)}-now`;
  const args = [
    ...(userManager ? ['--user'] : []),
    '--collect',
    `--unit=${name}`,
    `--working-directory=${dirname(nightly.file)}`,
    ...Object.entries(nightly.environment).map(([key, value]) => `--setenv=${key}=${value}`),
    '--property=KillMode=mixed',
    '--property=TimeoutStopSec=2min',
    '--',
    ...words,
  ];
  if (!dryRun) await call('systemd-run', args);
  return { what: 'started', name: `${name}.service` };
}

function unitName(name: string): string {
  return `relval-${name}`;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function systemctl([command = 'systemctl', ...flags]: readonly string[], ...args: string[]): Promise<void> {
  await call(command, [...flags, ...args]);
}

async function call(command: string, args: string[]): Promise<void> {
  try {
    await promisify(execFile)(command, args, { timeout: 60_000 });
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const why = stderr.trim() || message;
    throw new SchedulerError(`${[command, ...args].join(' ')} failed: ${why}`);
  }
}

/** Without variables (the colon). A program whose path systemd would refuse is started through env(1). */
function execLine(command: readonly string[]): string {
  const plain = /^[\w@+=:,./-]+$/.test(command[0] ?? '');
  return `:${[...(plain ? [] : ['/usr/bin/env']), ...command].map(word).join(' ')}`;
}

/** A word of a command or an assignment, in the syntax of systemd.service(5) and systemd.syntax(7). */
function word(text: string): string {
  const escaped = specifiers(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

function specifiers(text: string): string {
  return text.replaceAll('%', '%%');
}
