import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import { failedDirectory, removeFailureNote } from '../../makeflow/failure-notes.ts';
import type { FlowEvent } from '../../makeflow/follow.ts';
import type { WrittenMakeflow } from '../../makeflow/write.ts';
import type { Execution } from '../../step/log-receiver.ts';
import { stepFile } from '../../step/names.ts';
import type { Needles } from '../../step/needles.ts';
import type { StepResult } from '../../step/result.ts';
import type { Step } from '../../workflow/plan.ts';
import type { Decision, Happening } from '../store/attempts.ts';
import { placeFiles, readResult, removeTimes, takeFiles, writeLostResult } from '../store/collect.ts';
import type { NewEvent, RunJournal } from '../store/journal.ts';
import { KeyedQueues } from './keyed-queues.ts';
import type { Admit } from './streams.ts';

/** Attempts whose logs are unpacked at the same time. */
const QUEUES = 4;

export interface TrackerOptions {
  journal: RunJournal;
  written: WrittenMakeflow;
  /** Of makeflow. */
  directory: string;
  /** The number of retries, instead of the numbers of the stages. */
  retries: number | undefined;
  /** Settles when the received part of an execution's log is in its files. */
  finishLog: (execution: string) => Promise<void>;
  /** Texts that must be masked in the files of attempts. */
  masks: Needles;
  onError: (error: Error) => void;
}

type Ended = Extract<Decision, { type: 'ended' }>;

/** Turns the logs of one phase into events of the run, and collects the files of each attempt. */
export class StepTracker {
  readonly #options: TrackerOptions;
  readonly #journal: RunJournal;
  readonly #steps: Map<string, Step>;
  readonly #nodeOf: Map<string, number>;
  readonly #queues: KeyedQueues;
  /** Why HTCondor has held a job, by its number. */
  readonly #held = new Map<number, string>();
  #givenUp = false;
  #stopping = false;

  constructor(options: TrackerOptions) {
    const { journal, written, retries } = options;
    this.#options = options;
    this.#journal = journal;
    this.#steps = new Map(written.steps.map((step) => [step.id, step]));
    this.#nodeOf = new Map(written.steps.map((step, node) => [step.id, node]));
    this.#queues = new KeyedQueues(QUEUES, options.onError);
    journal.attempts.open(written.phase, (step) => retries ?? this.#steps.get(step)?.stage.retries ?? 0);
  }

  /** Takes events from the logs of makeflow, in order. */
  take(events: readonly FlowEvent[]): void {
    const lastReturn = new Map<number, FlowEvent>();
    for (const event of events) {
      if (event.type === 'node' && (event.state === 'complete' || event.state === 'failed'))
        lastReturn.set(event.node, event);
    }
    for (const event of events) {
      if (event.type === 'job-held') this.#held.set(event.jobId, event.reason);
      const happening = this.#happening(event);
      if (!happening) continue;
      // all attempts of a step left their files in one place, so only those of the last attempt are still there
      const gone = event.type === 'node' && lastReturn.has(event.node) && lastReturn.get(event.node) !== event;
      for (const decision of this.#journal.attempts.take(happening)) this.#apply(decision, event.time, gone);
    }
  }

  /**
   * An execution says hello.
   * @returns the directory of its attempt, where it may write logs; or why it must not run; undefined: it may run, but its
   *   logs are not received, because another execution has its attempt
   */
  admit({ step, id, host }: Pick<Execution, 'step' | 'id' | 'host'>): ReturnType<Admit> {
    const welcome = this.#journal.attempts.hello(step, id, host);
    if (!welcome || 'refuse' in welcome) return welcome;
    const { attempt, begun, known } = welcome;
    if (begun) this.#apply(begun, steadyNow(), false);
    if (!known) this.#tell(step, { type: 'step-connected', step, attempt, execution: id, host });
    return { directory: this.#journal.run.attemptDir(step, attempt) };
  }

  /** From now on jobs may be taken out of the queue: makeflow then has them back as failed, with nothing from them. */
  stop(): void {
    this.#stopping = true;
  }

  /** Makeflow is gone: so are the attempts that it waited for. */
  interrupted(): void {
    for (const decision of this.#journal.attempts.interrupted()) this.#apply(decision, steadyNow(), false);
  }

  /**
   * Whether makeflow waits only for steps that have lost too many workers, and for steps that depend on them. Work Queue
   * would give such steps to further workers for ever.
   */
  isEndless(): boolean {
    const { submitted, running } = this.#journal.view.counts;
    return this.#givenUp && submitted + running === 0;
  }

  /** Settles when the logs of all attempts that have ended so far are in their places. */
  collected(): Promise<void> {
    return this.#queues.idle();
  }

  #happening(event: FlowEvent): Happening | undefined {
    switch (event.type) {
      case 'started':
        return { type: 'makeflow-started' };
      case 'manager-started':
        return { type: 'manager-started' };
      case 'task-running':
        return { type: 'running', job: event.jobId, worker: event.worker };
      case 'task-waiting':
        return { type: 'waiting', job: event.jobId };
      case 'node': {
        const step = this.#options.written.steps[event.node]?.id;
        const { state, jobId: job } = event;
        if (state === 'running') return { type: 'submitted', step, job };
        if (step === undefined) return undefined;
        if (state === 'waiting') return { type: 'reset', step };
        if (state === 'failed' && this.#stopping && !this.#hasResult(event.node, step))
          return { type: 'cancelled', step };
        return state === 'aborted' ? { type: 'cancelled', step } : { type: 'returned', step, how: state };
      }
      default:
        return undefined;
    }
  }

  #hasResult(node: number, step: string): boolean {
    return existsSync(join(failedDirectory(this.#options.directory, node), stepFile(step, 'result.json')));
  }

  #apply(decision: Decision, time: number, gone: boolean): void {
    const { step, attempt } = decision;
    switch (decision.type) {
      case 'submitted':
        this.#tell(step, { type: 'step-submitted', step, attempt, task: decision.task, time });
        break;
      case 'begun':
        mkdirSync(this.#journal.run.attemptDir(step, attempt), { recursive: true });
        this.#tell(step, { type: 'step-running', step, attempt, task: decision.task, worker: decision.worker, time });
        break;
      case 'lost': {
        const { task, givenUp } = decision;
        const message =
          givenUp === undefined
            ? 'its worker was lost'
            : `its worker was lost ${givenUp} times, most likely because of the step itself (does it fill memory or disk?)`;
        this.#givenUp ||= givenUp !== undefined;
        const ended = { type: 'step-ended', task, state: 'broken', retried: false } as const;
        this.#settle(step, attempt, time, message, () => ({
          ...(givenUp === undefined ? { type: 'step-requeued' } : ended),
          step,
          attempt,
          message,
          time,
        }));
        break;
      }
      case 'ended':
        this.#ended(decision, time, gone);
        break;
    }
  }

  #ended(decision: Ended, time: number, gone: boolean): void {
    const { step, attempt, task, how, retried, open, surplus } = decision;
    const ended = { type: 'step-ended', step, task, time } as const;
    if (how === 'cancelled' || how === 'interrupted') {
      const message = how === 'cancelled' ? 'the run was stopped' : 'the run was interrupted';
      const event: NewEvent = { ...ended, attempt, state: 'aborted', retried: false, message };
      if (open) this.#settle(step, attempt, time, message, () => event);
      else this.#tell(step, event);
      return;
    }
    // The files of a failed attempt exist until the next one ends, so they are linked now and read later.
    const { directory } = this.#options;
    const node = this.#nodeOf.get(step) as number;
    const from = how === 'complete' ? directory : failedDirectory(directory, node);
    if (how === 'failed') removeFailureNote(directory, node);
    let number = attempt;
    if (!open) {
      if (surplus && isRefused(from, step)) return;
      const begun = this.#journal.attempts.unannounced(step, `${task}.0`, '');
      number = begun.attempt;
      this.#apply(begun, time, false);
    }
    if (!gone) takeFiles(this.#journal.run, step, number, from);
    const reason = this.#held.get(Number(task.split('.').at(-1)));
    const lost = reason === undefined ? 'it left no result' : `HTCondor held its job: ${reason}`;
    this.#settle(step, number, time, lost, (result) => ({
      ...ended,
      attempt: number,
      retried,
      ...summaryOf(how, result, lost),
    }));
  }

  /**
   * Moves the files of an attempt to their places, then adds the event of its end. An attempt without a result gets one that
   * says why.
   */
  #settle(
    step: string,
    attempt: number,
    time: number,
    message: string,
    event: (result: StepResult | undefined) => NewEvent,
  ): void {
    const { finishLog, masks } = this.#options;
    const { run, attempts, view } = this.#journal;
    this.#queues.later(step, async () => {
      const execution = attempts.executionOf(step, attempt);
      if (execution !== undefined) await finishLog(execution);
      const result = await placeFiles(run, step, attempt, masks);
      // The arrival times belong to the stream of another execution than the files that came back, so they are removed.
      if (result && result.execution !== execution) removeTimes(run, step, attempt);
      if (!result) {
        const { host, start } = view.steps.get(step) ?? {};
        const of = this.#steps.get(step) as Step;
        writeLostResult(run, of, attempt, { message, start: start ?? time, end: time, host, execution });
      }
      this.#journal.add(event(result));
    });
  }

  /** Adds the events of one step in their order: after the end of an attempt whose logs are still being unpacked. */
  #tell(step: string, event: NewEvent): void {
    this.#queues.now(step, () => this.#journal.add(event));
  }
}

/** Whether an execution was refused, because its step was tried often enough. */
function isRefused(from: string, step: string): boolean {
  return readResult(join(from, stepFile(step, 'result.json')))?.phase === 'refused';
}

function summaryOf(how: 'complete' | 'failed', result: StepResult | undefined, lost: string) {
  if (!result) return { state: 'broken' as const, message: lost };
  if (result.end === null) return { state: 'broken' as const, message: 'its result does not say how it ended' };
  const { exitStatus, signal, message, start, end, host, cpuTime, peakMemory } = result;
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
    ...(cpuTime !== null && { cpuTime }),
    ...(peakMemory != null && { peakMemory }),
  };
}
