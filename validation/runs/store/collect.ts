import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import type { StepOutcome } from '../../checks/outcome.ts';
import type { StepLogs } from '../../checks/step-logs.ts';
import { readRegular } from '../../files/regular-file.ts';
import { timesPath } from '../../logs/arrival-times.ts';
import { unpackLogs } from '../../logs/log-bundle.ts';
import { maskFile } from '../../step/mask.ts';
import { stepFile } from '../../step/names.ts';
import type { Needles } from '../../step/needles.ts';
import { parseResult, type StepResult } from '../../step/result.ts';
import type { Step } from '../../workflow/plan.ts';
import type { StepView } from './events.ts';
import { sameText, sameTexts } from './same-text.ts';
import { type RunDir, replaceFile } from './store.ts';

const STEP_SCRIPT_LOG = join('logs', 'relval-step.log');

const MB = 2 ** 20;
/** The largest size of a result.json in bytes: it names the outputs of one step. */
const RESULT_LIMIT = 64 * MB;

/** Files of an attempt that are kept unchanged. The result is last: if it exists, all files are complete. */
const KEPT = ['stdout.log', 'stderr.log', 'validation_report.txt', 'result.json'] as const;
/** All other logs, unpacked into `logs/`. */
const BUNDLE = 'logs';
/** The lines that the worker found in the parts of logs that were not transferred. */
const LEFT_OUT = 'left-out';

/**
 * The directory of collected files that are not in their places yet. It is below makeflow's directory, which other users cannot
 * read, because secrets are not masked yet. It is on the same file system, so a rename is enough. Attempts have no directories
 * of their own, because making and removing a directory takes longer than everything else.
 */
const TAKEN = '.taken';

/**
 * Collects the files of one attempt of a step from `from`. This must happen at once, because makeflow removes the files of a
 * failed attempt when the next one fails. Files are linked, not moved: makeflow must find its targets when a run is resumed.
 * A second call does no harm.
 */
export function takeFiles(run: RunDir, step: string, attempt: number, from: string): void {
  mkdirSync(join(run.work, TAKEN), { recursive: true });
  for (const name of [BUNDLE, ...KEPT]) keep(join(from, stepFile(step, name)), takenFile(run, step, attempt, name));
}

function takenFile(run: RunDir, step: string, attempt: number, name: string): string {
  return join(run.work, TAKEN, `${step}.${attempt}.${name}`);
}

/**
 * Moves the collected files to their places, over those that were written while the attempt ran, and unpacks its other logs.
 * Secrets are masked. Without collected files, existing ones stay.
 * @returns the step's result; undefined if there is no readable result
 */
export async function placeFiles(
  run: RunDir,
  step: string,
  attempt: number,
  masks: Needles,
): Promise<StepResult | undefined> {
  const directory = run.attemptDir(step, attempt);
  const unread: string[] = [];
  for (const name of [BUNDLE, ...KEPT]) {
    const taken = takenFile(run, step, attempt, name);
    if (!isFile(taken)) continue;
    await maskFile(taken, masks);
    if (name !== BUNDLE) {
      moveOver(taken, join(directory, name));
      continue;
    }
    const [logs, leftOut] = [join(directory, 'logs'), join(directory, LEFT_OUT)];
    for (const old of [logs, leftOut]) remove(old);
    const { logs: unpacked, damage } = await unpackLogs(taken, logs, leftOut);
    if (damage) unread.push(`some of the logs cannot be looked at: ${damage.replace(taken, 'what came back')}`);
    for (const log of unpacked) if (log.refused) unread.push(`${log.name} cannot be looked at: ${log.refused}`);
    unlinkSync(taken);
  }
  const result = readResult(join(directory, 'result.json'));
  if (!result || unread.length === 0) return result;
  const added = { ...result, unread: [...new Set([...result.unread, ...unread])] };
  replaceFile(join(directory, 'result.json'), `${JSON.stringify(added, null, 1)}\n`);
  return added;
}

/** Removes the arrival times of an attempt's log. */
export function removeTimes(run: RunDir, step: string, attempt: number): void {
  for (const name of ['stdout.log', 'stderr.log']) {
    remove(timesPath(join(run.attemptDir(step, attempt), name)));
  }
}

/** Writes a result for an attempt that left none, from the known facts. */
export function writeLostResult(
  run: RunDir,
  { id, index, stage }: Step,
  attempt: number,
  known: { message: string; start: number; end: number; host?: string | undefined; execution?: string | undefined },
): void {
  const result: StepResult = {
    schema: 'relval-result-1',
    step: id,
    execution: known.execution ?? '',
    stage: stage.name,
    index,
    phase: 'payload',
    blocking: stage.onFailure === 'stop',
    exitStatus: null,
    signal: null,
    timedOut: false,
    interrupted: true,
    start: Math.round(known.start),
    end: Math.round(known.end),
    payloadStart: null,
    payloadEnd: null,
    cpuTime: null,
    peakMemory: null,
    outOfMemory: false,
    host: known.host ?? '',
    worker: '',
    cores: null,
    outputDir: '',
    inputBytes: 0,
    outputBytes: 0,
    outputs: [],
    missing: [],
    empty: [],
    lacking: [],
    cutOff: [],
    unread: [],
    coreDumps: [],
    message: known.message,
  };
  replaceFile(join(run.attemptDir(id, attempt), 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
}

/** The result of an attempt; undefined if there is no readable result. */
export function readResult(path: string): StepResult | undefined {
  try {
    return parseResult(readRegular(path, RESULT_LIMIT));
  } catch {
    return undefined;
  }
}

/**
 * Links a file, or copies it to another file system. It ignores a missing file, and a directory, a named pipe or a device in
 * its place.
 */
export function keep(from: string, to: string): void {
  if (!isFile(from)) return;
  try {
    linkSync(from, to);
  } catch (error) {
    remove(to);
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') linkSync(from, to);
    else copyFileSync(from, to);
  }
}

/** Moves a file to the place of another file, or of a directory, which a rename does not replace. */
function moveOver(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    remove(to);
    renameSync(from, to);
  }
}

/** The logs of an attempt, relative to its directory: stdout and stderr first, then the others by name. */
export function logsOf(attemptDir: string): string[] {
  const own = ['stdout.log', 'stderr.log'].filter((name) => isFile(join(attemptDir, name)));
  const logs = join(attemptDir, 'logs');
  if (!existsSync(logs)) return own;
  const entries = readdirSync(logs, { recursive: true, withFileTypes: true });
  const others = entries
    .filter((entry) => entry.isFile())
    .map((entry) => sameText(relative(attemptDir, join(entry.parentPath, entry.name))));
  return [...own, ...others.sort()];
}

/**
 * Removes whatever is there. `rmSync` makes an error where nothing is, and while many steps wait to be collected, to find out
 * where an error was made takes longer than all else.
 */
function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })) rmSync(path, { recursive: true, force: true });
}

/** Whether a path is a regular file. A symbolic link is not, because it may lead anywhere. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The logs of a step's last attempt, for scanning; undefined if there was no attempt. */
export function attemptLogs(run: RunDir, id: string, stage: string): StepLogs | undefined {
  const attempt = run.attempts(id).at(-1);
  if (attempt === undefined) return undefined;
  const directory = run.attemptDir(id, attempt);
  // The log of the step script is left out: a failed transfer in it says nothing about the release.
  const files = logsOf(directory).filter((name) => name !== STEP_SCRIPT_LOG);
  return { step: id, stage, attempt, directory, files, leftOut: join(directory, LEFT_OUT) };
}

/**
 * The outcome of a step when makeflow has ended, from the events and the result of its last attempt. All steps that left a result
 * have one object shape, and share texts: else 100,000 of them take 200 MB, and not 80 MB.
 */
export function outcomeOf(run: RunDir, step: Step, view: StepView | undefined): StepOutcome {
  const attempts = run.attempts(step.id);
  const last = attempts.at(-1);
  const stage = step.stage.name;
  // Of a step that a retry was to run, and did not, earlier attempts are still there.
  if (view === undefined || view.again)
    return { id: step.id, stage, ending: 'waiting', attempts: view?.attempt ?? 0, logs: [], outputs: [] };
  if (last === undefined) {
    const ending = view.state === 'waiting' ? 'waiting' : view.state === 'broken' ? 'lost' : 'running';
    const { message } = view;
    return {
      id: step.id,
      stage,
      ending,
      attempts: view.attempt,
      logs: [],
      outputs: [],
      ...(message && { message }),
    };
  }
  const dir = run.attemptDir(step.id, last);
  const result = readResult(join(dir, 'result.json'));
  const place = relative(run.path, dir);
  // `relative` gives a part of its text, which V8 keeps as a whole; `join` makes a new one.
  const logs = logsOf(dir).map((name) => [place, name].join('/'));
  const repeated = view.repeated > 0 ? view.repeated : undefined;
  const tried = attempts.slice(0, -1).filter((attempt) => attempt > view.repeated);
  const why = tried.map((attempt) => ({ attempt, message: whyAgain(run, step, attempt) }));
  const earlier = why.length > 0 ? why : undefined;
  const { id } = step;
  if (!result) {
    const message = 'it left no result';
    return { id, stage, attempts: last, logs, repeated, earlier, ending: 'lost', outputs: [], message };
  }
  return {
    id,
    stage,
    attempts: last,
    logs,
    repeated,
    earlier,
    ending: endingOf(result, view),
    outputs: result.outputs.map(({ name, size }) => ({ name: sameText(name), size })),
    start: result.start,
    host: sameText(result.host),
    timedOut: result.timedOut,
    coreDumps: sameTexts(result.coreDumps),
    outOfMemory: result.outOfMemory,
    missing: sameTexts(result.missing),
    empty: sameTexts(result.empty),
    lacking: sameTexts(result.lacking),
    cutOff: sameTexts(result.cutOff),
    unread: sameTexts(result.unread),
    end: result.end ?? undefined,
    exitStatus: result.exitStatus ?? undefined,
    signal: result.signal ?? undefined,
    cpuTime: result.cpuTime ?? undefined,
    peakMemory: result.peakMemory ?? undefined,
    worker: result.worker === '' ? undefined : sameText(result.worker),
    inputBytes: result.inputBytes,
    outputBytes: result.outputBytes,
    memoryLimit: step.stage.resources.memory * MB,
    outputDir: result.outputDir === '' ? undefined : sameText(result.outputDir),
    message: result.message === '' ? undefined : result.message,
    timeLimit: step.stage.resources.wallTime,
  };
}

/** Why there was another attempt after this one. */
function whyAgain(run: RunDir, { id }: Step, attempt: number): string {
  return readResult(join(run.attemptDir(id, attempt), 'result.json'))?.message || 'no reason known';
}

function endingOf(result: StepResult, view: StepView): StepOutcome['ending'] {
  if (result.phase === 'skipped') return 'skipped';
  if (view.state === 'broken' || result.interrupted || result.end === null) return 'lost';
  return result.phase === 'done' || result.phase === 'payload' ? 'ended' : 'lost';
}
