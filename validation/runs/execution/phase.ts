import { chmodSync, closeSync, existsSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import { STUCK } from '../../checks/outcome.ts';
import { type Batch, type BatchSystem, batchSystem } from '../../makeflow/batch.ts';
import { removeFailureNotes } from '../../makeflow/failure-notes.ts';
import { type FlowEvent, followFlow } from '../../makeflow/follow.ts';
import { FOUND_NO_PORT, foundNoPort } from '../../makeflow/free-port.ts';
import { mendLog } from '../../makeflow/mend-log.ts';
import { type CompleteRule, rebuildLog } from '../../makeflow/rebuild-log.ts';
import { givesTokens, targetsOf } from '../../makeflow/rules.ts';
import { makeflowFiles, startMakeflow } from '../../makeflow/run.ts';
import { type FlowState, isComplete, isStuck } from '../../makeflow/transaction-log.ts';
import type { WrittenMakeflow } from '../../makeflow/write.ts';
import { maskFile, maskLines } from '../../step/mask.ts';
import { MASKS_VARIABLE } from '../../step/names.ts';
import type { RunJournal } from '../store/journal.ts';
import { ObstacleError } from '../store/obstacle.ts';
import { lackOfSpace } from '../store/space.ts';
import { HeldUp, type HeldUpOptions } from './held-up.ts';
import { tellsRefusal } from './refused-workers.ts';
import { repeatBroken, stepsToRepeat } from './repeat.ts';
import { StepTracker } from './step-tracker.ts';
import type { LogStreams } from './streams.ts';

/** The time in ms between two checks whether makeflow waits for ever. */
const STUCK_CHECK_MS = 500;
/** Makeflow is stopped if this number of checks in a row find that it waits for ever. */
const ENDLESS_CHECKS = 6;
/** makeflow sees an interrupt only between two waits of up to 5 s (seen: 0 to 5 s). */
const INTERRUPT_GRACE_MS = 6000;

export interface PhaseOptions {
  journal: RunJournal;
  written: WrittenMakeflow;
  batch: Batch;
  /** How often steps are tried again, in the place of what their stages say. */
  retries: number | undefined;
  streams: LogStreams;
  secrets: Readonly<Record<string, string>>;
  /** Ends the phase in order: jobs are cancelled, workers released. */
  signal: AbortSignal;
  whyWaiting: HeldUpOptions['whyWaiting'];
  /** An open file that makeflow keeps open as well. */
  keepOpen?: number | undefined;
}

/**
 * Runs or resumes one Makeflow file. Starts makeflow as a child process, follows its logs, and collects the logs of each
 * attempt as soon as it ends. Steps that have already ended, by the events, are not done again.
 * @returns why it did not complete; undefined if it did
 * @throws if the events cannot be written, because the disk is full or fails
 */
export async function runPhase(options: PhaseOptions): Promise<string | undefined> {
  const { journal, written, retries, signal, streams } = options;
  const system = batchSystem(options.batch);
  const directory = journal.run.work;
  const files = makeflowFiles(directory, written.file);
  // Secrets and tokens arrive here before they are masked. A directory of an older relval may be open to others.
  chmodSync(directory, 0o700);
  removeFailureNotes(directory);
  mendLog(files.transactions);
  const path = join(directory, written.file);
  await system.clear(path).catch((error: Error) => {
    throw new ObstacleError(error.message);
  });
  await repeatBroken(journal, written.steps);
  const again = stepsToRepeat(journal, written.steps);
  if (again.length > 0) journal.add({ type: 'repeated', phase: written.phase, steps: again });
  const starts = journal.attempts.makeflowsOf(written.phase);
  const rules = () => completeRules(journal, written);
  const jobLog = system.jobLog(path);
  // What the log of jobs says belongs to lines that are lost.
  if (rebuildLog(files.transactions, starts, rules, written.steps.length, Date.now()))
    rmSync(jobLog.path, { force: true });
  const secrets = Object.values(options.secrets);
  const own = givesTokens(beginningOf(path));
  const makeflow = await startMakeflow({
    directory,
    file: written.file,
    // makeflow has one number of retries for all rules: steps with fewer retries are refused after theirs
    retries: retries ?? Math.max(0, ...written.steps.map(({ stage }) => stage.retries)),
    batch: options.batch,
    dieWithParent: true,
    env: system.give(directory, {
      ...options.secrets,
      [MASKS_VARIABLE]: maskLines(secrets),
      ...streams.environment(own),
    }),
    keepOpen: options.keepOpen,
  });

  let failure: Error | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    makeflow.interrupt();
    tracker.stop();
    // Makeflow takes its jobs back one after the other. What fails here is tried again when it has ended.
    system.withdraw().catch(() => {});
    killTimer ??= setTimeout(() => makeflow.kill(), INTERRUPT_GRACE_MS);
  };
  const onError = (error: Error): void => {
    failure ??= error;
    abort();
  };
  const { finish: finishLog, masks } = streams;
  const tracker = new StepTracker({ journal, written, directory, retries, masks, finishLog, onError });
  const take = (events: FlowEvent[]): void => {
    tracker.take(events);
    removeHeld(system, events, onError);
  };
  const logs = followFlow(files.transactions, jobLog, take, onError);
  streams.admitBy((execution) => {
    logs.look();
    return tracker.admit(execution);
  });

  const heldUp = new HeldUp({ journal, stderr: files.stderr, whyWaiting: options.whyWaiting, onError });
  let stuck = false;
  let endlessChecks = 0;
  const stuckCheck = setInterval(() => {
    const full = lackOfSpace(journal.run.path);
    if (full) onError(full);
    endlessChecks = tracker.isEndless() ? endlessChecks + 1 : 0;
    const isWaiting = isStuck(logs.flow, steadyNow()) && !system.isSubmitting(makeflow.pid, files.stderr);
    if (!isWaiting && endlessChecks < ENDLESS_CHECKS) return;
    stuck = true;
    makeflow.interrupt();
  }, STUCK_CHECK_MS);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });

  try {
    journal.add({ type: 'phase-started', phase: written.phase, makeflow: makeflow.pid });
    const { code, signal: killedBy } = await makeflow.exited;
    heldUp.close();
    const left = await system.withdraw().then(
      () => undefined,
      (error: Error) => `jobs of this run may still be in the queue: ${error.message}`,
    );
    logs.look();
    if (!failure) tracker.interrupted();
    await tracker.collected();
    for (const file of [files.stdout, files.stderr]) await maskFile(file, masks);
    if (failure) throw failure;
    const problem = describeEnd(logs.flow, { stuck, code, killedBy, stderr: files.stderr }) ?? left;
    journal.add({ type: 'phase-ended', phase: written.phase, how: problem ?? 'complete' });
    return problem;
  } finally {
    streams.admitBy(undefined);
    heldUp.close();
    clearInterval(stuckCheck);
    clearTimeout(killTimer);
    signal.removeEventListener('abort', abort);
    logs.close();
    makeflow.interrupt();
    await makeflow.exited;
    removeFailureNotes(directory);
  }
}

/** A job that HTCondor holds waits for ever. The attempt ends, and the step is tried again as after other failures. */
function removeHeld(system: BatchSystem, events: readonly FlowEvent[], onError: (error: Error) => void): void {
  for (const event of events) {
    if (event.type === 'job-held' && !event.byHand) system.withdrawJob(event.jobId).catch(onError);
  }
}

/** What makeflow had back, by the events, and what is still there. */
function completeRules({ run, view }: RunJournal, { steps }: WrittenMakeflow): CompleteRule[] {
  return steps.flatMap((step, node) => {
    const state = view.steps.get(step.id)?.state;
    const targets = targetsOf(step);
    const isComplete = state === 'succeeded' || state === 'failed';
    return isComplete && targets.every((name) => existsSync(join(run.work, name))) ? [{ node, targets }] : [];
  });
}

/** The first 4 kB of a file. */
function beginningOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4096);
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

interface MakeflowEnd {
  stuck: boolean;
  code: number | null;
  killedBy: string | null;
  stderr: string;
}

function describeEnd(flow: FlowState, end: MakeflowEnd): string | undefined {
  if (isComplete(flow)) return undefined;
  if (end.stuck) return STUCK;
  if (flow.counts && flow.counts.failed > 0 && flow.ended === 'completed') return undefined;
  // The last message of a process that was killed is not the cause.
  if (end.killedBy) return `makeflow was ended by ${end.killedBy}`;
  if (foundNoPort(end.stderr)) return FOUND_NO_PORT;
  const lines = readFileSync(end.stderr, 'utf8').trim().split('\n');
  // A refused worker is not the cause.
  const said = lines.findLast((line) => !tellsRefusal(line) && !line.startsWith('warning: '));
  return `makeflow ended with status ${end.code}${said ? `: ${said}` : ''}`;
}
