import { copyFileSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { StepOutcome } from '../checks/outcome.ts';
import type { StepLogs } from '../checks/step-logs.ts';
import { unpackLogs } from '../step/log-bundle.ts';
import { stepFile } from '../step/names.ts';
import { parseResult, type StepResult } from '../step/result.ts';
import type { Step } from '../workflow/plan.ts';
import type { StepView } from './events.ts';
import type { RunDir } from './store.ts';

const STEP_SCRIPT_LOG = join('logs', 'relval-step.log');

const MB = 2 ** 20;

/** What is kept of an attempt as it is; the bundle of the other logs is unpacked into `logs/`. */
const KEPT = ['stdout.log', 'stderr.log', 'result.json', 'validation_report.txt'] as const;

/**
 * Brings what one attempt of a step left in `from` into `steps/<step>/<attempt>/`. Files are linked, not moved: makeflow
 * must find its targets when a run is resumed; and at once, before the first wait, since makeflow removes what a failed
 * attempt left. Doing it twice does no harm.
 * @returns the step's own result; undefined when it left none that can be read
 */
export async function collectAttempt(
  run: RunDir,
  step: string,
  attempt: number,
  from: string,
): Promise<StepResult | undefined> {
  const to = run.attemptDir(step, attempt);
  mkdirSync(to, { recursive: true });
  for (const name of KEPT) keep(join(from, stepFile(step, name)), join(to, name));
  const bundle = join(to, '.logs');
  keep(join(from, stepFile(step, 'logs')), bundle);
  const logs = join(to, 'logs');
  rmSync(logs, { recursive: true, force: true });
  if (existsSync(bundle)) await unpackLogs(bundle, logs);
  rmSync(bundle, { force: true });
  return readResult(join(to, 'result.json'));
}

/** The result of an attempt; undefined when there is none, or none that can be read. */
export function readResult(path: string): StepResult | undefined {
  try {
    return parseResult(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Links a file, or copies it to another file system; one that is not there is left out. */
export function keep(from: string, to: string): void {
  if (!existsSync(from)) return;
  rmSync(to, { force: true });
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

/** Logs of an attempt, relative to its directory: stdout and stderr first, then the payload's own by name. */
export async function logsOf(attemptDir: string): Promise<string[]> {
  const own = ['stdout.log', 'stderr.log'].filter((name) => existsSync(join(attemptDir, name)));
  const logs = join(attemptDir, 'logs');
  if (!existsSync(logs)) return own;
  const entries = await readdir(logs, { recursive: true, withFileTypes: true });
  const others = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(attemptDir, join(entry.parentPath, entry.name)));
  return [...own, ...others.sort()];
}

/** The logs of a step's last attempt, for scanning; undefined when there was none. */
export async function attemptLogs(run: RunDir, id: string, stage: string): Promise<StepLogs | undefined> {
  const attempt = run.attempts(id).at(-1);
  if (attempt === undefined) return undefined;
  const directory = run.attemptDir(id, attempt);
  // The step script's own log is not the release's: a transfer that failed there says nothing about it.
  const files = (await logsOf(directory)).filter((name) => name !== STEP_SCRIPT_LOG);
  return { step: id, stage, attempt, directory, files };
}

/** What is known of a step when makeflow has ended: from the events, and from what its last attempt says of itself. */
export async function outcomeOf(run: RunDir, step: Step, view: StepView | undefined): Promise<StepOutcome> {
  const attempts = run.attempts(step.id);
  const last = attempts.at(-1);
  const stage = step.stage.name;
  if (last === undefined) {
    const ending =
      view?.state === 'waiting' || view === undefined ? 'waiting' : view.state === 'broken' ? 'lost' : 'running';
    const message = view?.message;
    return {
      id: step.id,
      stage,
      ending,
      attempts: view?.attempt ?? 0,
      logs: [],
      outputs: [],
      ...(message && { message }),
    };
  }
  const dir = run.attemptDir(step.id, last);
  const result = readResult(join(dir, 'result.json'));
  const logs = (await logsOf(dir)).map((name) => relative(run.path, join(dir, name)));
  const earlier = attempts.slice(0, -1).map((attempt) => ({
    attempt,
    message: readResult(join(run.attemptDir(step.id, attempt), 'result.json'))?.message || 'no reason known',
  }));
  const common = { id: step.id, stage, attempts: last, logs, ...(earlier.length > 0 && { earlier }) };
  if (!result) return { ...common, ending: 'lost', outputs: [], message: 'it left no result' };
  return {
    ...common,
    ending: endingOf(result, view),
    outputs: result.outputs,
    start: result.start,
    host: result.host,
    timedOut: result.timedOut,
    coreDumps: result.coreDumps,
    missing: result.missing,
    ...(result.end !== null && { end: result.end }),
    ...(result.exitStatus !== null && { exitStatus: result.exitStatus }),
    ...(result.signal !== null && { signal: result.signal }),
    ...(result.cpuTime !== null && { cpuTime: result.cpuTime }),
    ...(result.peakMemory != null && { peakMemory: result.peakMemory }),
    ...(result.worker !== '' && { worker: result.worker }),
    inputBytes: result.inputBytes,
    outputBytes: result.outputBytes,
    memoryLimit: step.stage.resources.memory * MB,
    ...(result.outputDir !== '' && { outputDir: result.outputDir }),
    ...(result.message !== '' && { message: result.message }),
    ...(step.stage.resources.wallTime !== undefined && { timeLimit: step.stage.resources.wallTime }),
  };
}

function endingOf(result: StepResult, view: StepView | undefined): StepOutcome['ending'] {
  if (result.phase === 'skipped') return 'skipped';
  if (view?.state === 'broken' || result.interrupted || result.end === null) return 'lost';
  return result.phase === 'done' || result.phase === 'payload' ? 'ended' : 'lost';
}
