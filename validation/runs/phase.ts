import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { followLog } from '../makeflow/follow.ts';
import { followLines } from '../makeflow/follow-lines.ts';
import { makeflowFiles, startMakeflow, type WorkQueueBatch } from '../makeflow/run.ts';
import { type FlowState, isComplete, isStuck, type LogEvent } from '../makeflow/transaction-log.ts';
import { parseWorkerLogLine } from '../makeflow/worker-log.ts';
import type { WrittenMakeflow } from '../makeflow/write.ts';
import type { StepState } from '../report/model.ts';
import type { StepResult } from '../step/result.ts';
import { collectAttempt } from './collect.ts';
import type { RunJournal } from './journal.ts';

/** How often the flow is checked for standing still. */
const STUCK_CHECK_MS = 500;
/** makeflow sees an interrupt only between two waits of up to 5 s (seen: 0 to 5 s). */
const INTERRUPT_GRACE_MS = 6000;

export interface PhaseOptions {
  journal: RunJournal;
  written: WrittenMakeflow;
  batch: WorkQueueBatch;
  retries: number;
  /** Ends the phase in order: jobs are cancelled, workers released. */
  signal: AbortSignal;
}

/**
 * Runs one Makeflow file to its end, or resumes it: makeflow as a child, its logs followed, every attempt's logs brought
 * home the moment it ends. Steps whose end is in the events already are not touched again.
 * @returns what kept it from coming to its end; undefined when nothing did
 */
export async function runPhase(options: PhaseOptions): Promise<string | undefined> {
  const { journal, written, batch, retries, signal } = options;
  const directory = journal.run.work;
  const files = makeflowFiles(directory, written.file);
  const makeflow = await startMakeflow({ directory, file: written.file, retries, batch, dieWithParent: true });
  journal.add({ type: 'phase-started', phase: written.phase, makeflow: makeflow.pid });

  const tracker = new StepTracker(journal, written, directory, retries);
  let unreadable: Error | undefined;
  const onError = (error: Error): void => {
    unreadable = error;
    makeflow.interrupt();
  };
  const log = followLog(files.transactions, (events, flow) => tracker.take(events, flow), onError);
  const workers = followLines(files.workQueueTransactions, (lines) => tracker.takeWorkerLines(lines), onError);

  let stuck = false;
  const stuckCheck = setInterval(() => {
    if (!isStuck(log.flow, Date.now())) return;
    stuck = true;
    makeflow.interrupt();
  }, STUCK_CHECK_MS);
  let killTimer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    makeflow.interrupt();
    killTimer = setTimeout(() => makeflow.kill(), INTERRUPT_GRACE_MS);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });

  try {
    const { code, signal: killedBy } = await makeflow.exited;
    await workers.drain();
    await log.drain();
    await tracker.collected();
    const problem = describeEnd(log.flow, { stuck, code, killedBy, unreadable, stderr: files.stderr });
    journal.add({ type: 'phase-ended', phase: written.phase, how: problem ?? 'complete' });
    return problem;
  } finally {
    clearInterval(stuckCheck);
    clearTimeout(killTimer);
    signal.removeEventListener('abort', abort);
    log.close();
    workers.close();
  }
}

interface MakeflowEnd {
  stuck: boolean;
  code: number | null;
  killedBy: string | null;
  unreadable: Error | undefined;
  stderr: string;
}

function describeEnd(flow: FlowState, end: MakeflowEnd): string | undefined {
  if (isComplete(flow)) return undefined;
  if (end.unreadable) return `makeflow's log cannot be followed: ${end.unreadable.message}`;
  if (end.stuck) return 'steps wait for one that failed for good';
  if (flow.counts && flow.counts.failed > 0 && flow.ended === 'completed') return undefined;
  const how = end.killedBy ? `by ${end.killedBy}` : `with status ${end.code}`;
  const said = readFileSync(end.stderr, 'utf8').trim().split('\n').at(-1);
  return `makeflow ended ${how}${said ? `: ${said}` : ''}`;
}

/** Turns what the logs say into the run's events. */
class StepTracker {
  readonly #journal: RunJournal;
  readonly #written: WrittenMakeflow;
  readonly #directory: string;
  readonly #retries: number;
  /** Steps by Work Queue's task id, and the workers of tasks that are not yet known to be a step's. */
  readonly #stepOfJob = new Map<number, string>();
  readonly #workerOfJob = new Map<number, string>();
  #collecting: Promise<void> = Promise.resolve();

  constructor(journal: RunJournal, written: WrittenMakeflow, directory: string, retries: number) {
    this.#journal = journal;
    this.#written = written;
    this.#directory = directory;
    this.#retries = retries;
  }

  /** Settles when the logs of all attempts that have ended so far are in their places. */
  collected(): Promise<void> {
    return this.#collecting;
  }

  take(events: readonly LogEvent[], flow: FlowState): void {
    for (const event of events) {
      if (event.type === 'started') this.#stepOfJob.clear();
      if (event.type !== 'node' || event.state === 'waiting') continue;
      const step = this.#written.steps[event.node]?.id;
      const attempts = flow.nodes.get(event.node)?.attempts ?? [];
      if (step === undefined) continue;
      // The events of a chunk are applied before they are told: a later attempt of the same chunk is not meant.
      const attempt = attempts.find(
        ({ jobId, start, end }) => jobId === event.jobId && (start === event.time || end === event.time),
      );
      if (!attempt) continue;
      if (event.state === 'running') this.#submitted(step, attempt.number, event.jobId);
      else {
        const failures = attempts.filter(
          ({ run, state, number }) => run === attempt.run && state === 'failed' && number <= attempt.number,
        );
        this.#ended(
          step,
          event.node,
          attempt.number,
          event.state,
          event.state === 'failed' && failures.length <= this.#retries,
        );
      }
    }
  }

  takeWorkerLines(lines: readonly string[]): void {
    for (const line of lines) {
      const event = parseWorkerLogLine(line);
      if (!event) continue;
      if (event.type === 'manager-started') {
        this.#workerOfJob.clear();
        continue;
      }
      const step = this.#stepOfJob.get(event.jobId);
      if (event.type === 'running') {
        this.#workerOfJob.set(event.jobId, event.worker);
        if (step !== undefined) this.#onWorker(step, event.worker);
      } else if (this.#workerOfJob.delete(event.jobId) && step !== undefined) {
        if (this.#stateOf(step) === 'running') this.#journal.add({ type: 'step-requeued', step });
      }
    }
  }

  #stateOf(step: string): StepState | undefined {
    return this.#journal.view.steps.get(step)?.state;
  }

  #onWorker(step: string, worker: string): void {
    if (this.#stateOf(step) === 'submitted') this.#journal.add({ type: 'step-running', step, worker });
  }

  #submitted(step: string, attempt: number, jobId: number): void {
    this.#stepOfJob.set(jobId, step);
    if ((this.#journal.view.steps.get(step)?.attempt ?? 0) < attempt) {
      this.#journal.add({ type: 'step-submitted', step, attempt });
    }
    const worker = this.#workerOfJob.get(jobId);
    if (worker !== undefined) this.#onWorker(step, worker);
  }

  #ended(step: string, node: number, attempt: number, how: 'complete' | 'failed' | 'aborted', retried: boolean): void {
    const known = this.#journal.view.steps.get(step);
    const told = known && known.attempt >= attempt && known.state !== 'submitted' && known.state !== 'running';
    if (told) return;
    if (how === 'aborted') {
      this.#journal.add({ type: 'step-ended', step, attempt, state: 'aborted', retried: false });
      return;
    }
    // What a failed attempt left is here until the next one ends, so its files are linked now and looked at in turn.
    const from = how === 'complete' ? this.#directory : join(this.#directory, `makeflow.failed.${node}`);
    const result = collectAttempt(this.#journal.run, step, attempt, from);
    this.#collecting = this.#collecting.then(async () => {
      this.#journal.add({ type: 'step-ended', step, attempt, retried, ...summaryOf(how, await result) });
    });
  }
}

function summaryOf(how: 'complete' | 'failed', result: StepResult | undefined) {
  if (!result) return { state: 'broken' as const, message: 'it left no result' };
  const { exitStatus, signal, message, start, end, host } = result;
  const state: 'succeeded' | 'failed' | 'broken' | 'aborted' =
    how === 'failed'
      ? 'broken'
      : result.phase === 'done' && exitStatus === 0
        ? 'succeeded'
        : result.phase === 'skipped'
          ? 'aborted'
          : 'failed';
  return {
    state,
    host,
    ...(exitStatus !== null && { exitStatus }),
    ...(signal !== null && { signal }),
    ...(message !== '' && { message }),
    ...(end !== null && { seconds: (end - start) / 1000 }),
  };
}
