/**
 * Attempts of steps. An attempt is an execution: it begins when a worker starts the step. Makeflow's log has submissions (a
 * retry makes a new one). Work Queue's log has the worker of a submission, and its loss. The step itself says hello to the log
 * receiver. This file merges the three into one numbering. The result does not depend on the order in which they arrive, nor
 * on a second reading of the logs after relval was killed.
 */

/** A fact from makeflow's log, Work Queue's log or the log receiver. `job` is Work Queue's task id. */
export type Happening =
  /** Job ids are unique only within one makeflow. */
  | { type: 'makeflow-started' }
  /** `step` is undefined for a rule of relval that is not a step. */
  | { type: 'submitted'; step: string | undefined; job: number }
  | { type: 'returned'; step: string; how: 'complete' | 'failed' }
  /** Cancelled, because makeflow was stopped. */
  | { type: 'cancelled'; step: string }
  /** Taken back: the makeflow that submitted it was killed. */
  | { type: 'reset'; step: string }
  | { type: 'running'; job: number; worker: string }
  /** It waits for the first time, or again because its worker was lost. */
  | { type: 'waiting'; job: number }
  /** Work Queue starts to count its jobs again from 1. */
  | { type: 'manager-started' };

/** A consequence of a happening. A happening that was already known has none. */
export type Decision =
  | { type: 'submitted'; step: string; attempt: number; task: string }
  | { type: 'begun'; step: string; attempt: number; task: string; worker: string }
  /** The worker was lost, and the attempt with it. `givenUp`: number of lost workers, if the step is not run again. */
  | { type: 'lost'; step: string; attempt: number; task: string; givenUp?: number }
  /**
   * Makeflow got the step back, or gave it up. `attempt`: the last attempt, 0 if there was none. `open`: this is the end of
   * that attempt; no log reported another end. `surplus`: the allowed number of attempts was used up before. Unless it was
   * refused, this was an attempt nevertheless.
   */
  | {
      type: 'ended';
      step: string;
      attempt: number;
      open: boolean;
      task: string;
      how: Ending;
      retried: boolean;
      surplus: boolean;
    };

/**
 * The number of workers that a step may lose under one makeflow. Work Queue would give it to further workers for ever, although
 * the step itself is the most likely cause.
 */
const WORKERS_TO_LOSE = 5;

export type Ending = 'complete' | 'failed' | 'cancelled' | 'interrupted';

/** The answer to an execution that says hello. `begun`: no log has reported it yet. */
export type Welcome =
  | { step: string; attempt: number; known: boolean; begun?: Extract<Decision, { type: 'begun' }> }
  | { refuse: string };

/** The recorded events about attempts. The events of a run have this form. */
export type Remembered =
  | { type: 'step-submitted'; step: string; attempt: number; task: string }
  | { type: 'step-running'; step: string; attempt: number; task: string }
  | { type: 'step-connected'; step: string; attempt: number; execution: string }
  | { type: 'step-requeued'; step: string; attempt: number }
  | { type: 'step-ended'; step: string; attempt: number; task: string };

interface Attempt {
  number: number;
  /** Name of the execution. */
  task: string;
  /** The name that the step gives itself. */
  execution: string | undefined;
  /** The attempt before was lost without a hello. The hello of this attempt may be its late hello; then another one follows. */
  doubtful: boolean;
  over: boolean;
}

interface StepRecord {
  attempts: readonly Attempt[];
  /** Submissions that were reported, nearly always one. A set would take ten times the memory of such a list. */
  submitted: readonly string[];
  /** Submissions whose end was reported. */
  ended: readonly string[];
  /** The submission that makeflow waits for. */
  job: Job | undefined;
  /** Number of failures, and of lost workers, under this makeflow. */
  failed: number;
  lost: number;
}

/** A submission under the makeflow whose log is read. */
interface Job {
  step: string | undefined;
  task: string;
  /** Number of workers that started it. */
  executions: number;
  /** The last of these workers still has it. */
  onWorker: boolean;
  surplus: boolean;
  over: boolean;
}

export class AttemptBook {
  readonly #steps = new Map<string, StepRecord>();
  readonly #jobs = new Map<number, Job>();
  /** Happenings of jobs that makeflow's log has not reported yet. */
  #early: (Happening & { job: number })[] = [];
  #phase = 0;
  #makeflows = 0;
  #retriesOf: (step: string) => number = () => 0;
  #workersToLose = WORKERS_TO_LOSE;

  /**
   * Starts to read the logs of a phase.
   * @param retriesOf the number of retries of a step
   * @param workersToLose the number of lost workers after which a step is not tried again
   */
  open(phase: number, retriesOf: (step: string) => number, workersToLose = WORKERS_TO_LOSE): void {
    this.#workersToLose = workersToLose;
    this.#phase = phase;
    this.#makeflows = 0;
    this.#retriesOf = retriesOf;
    this.#jobs.clear();
    this.#early = [];
    for (const record of this.#steps.values()) record.job = undefined;
  }

  /** No makeflow runs any more: forgets everything, because the judgement of a large run needs the memory. */
  close(): void {
    this.#steps.clear();
    this.#jobs.clear();
    this.#early = [];
  }

  /** Restores the state from a recorded event. */
  remember(event: Remembered): void {
    const record = this.#record(event.step);
    const attempt = record.attempts.find(({ number }) => number === event.attempt);
    switch (event.type) {
      case 'step-submitted':
        record.submitted = withTask(record.submitted, event.task);
        break;
      case 'step-running':
        record.attempts = withAttempt(record.attempts, event.attempt, event.task);
        break;
      case 'step-connected':
        if (attempt) attempt.execution = event.execution;
        break;
      case 'step-requeued':
        if (attempt) attempt.over = true;
        break;
      case 'step-ended':
        if (attempt) attempt.over = true;
        record.ended = withTask(record.ended, event.task);
        break;
    }
  }

  /** The number of makeflows of a phase that had steps, by the recorded events. */
  makeflowsOf(phase: number): number {
    let most = 0;
    for (const { attempts, submitted, ended } of this.#steps.values()) {
      for (const task of [...attempts.map(({ task }) => task), ...submitted, ...ended]) {
        const [ofPhase, makeflow] = task.split('.').map(Number);
        if (ofPhase === phase && makeflow !== undefined) most = Math.max(most, makeflow);
      }
    }
    return most;
  }

  /** Processes one happening. They must come in the order of the logs' times. */
  take(happening: Happening): Decision[] {
    switch (happening.type) {
      case 'manager-started':
        this.#early = [];
        return [];
      case 'makeflow-started': {
        const interrupted = this.interrupted();
        this.#makeflows++;
        this.#jobs.clear();
        for (const record of this.#steps.values()) Object.assign(record, { failed: 0, lost: 0 });
        return interrupted;
      }
      case 'submitted':
        return this.#submitted(happening.step, happening.job);
      case 'running':
      case 'waiting':
        return this.#onJob(happening);
      case 'returned':
        return this.#over(happening.step, happening.how);
      case 'cancelled':
        return this.#over(happening.step, 'cancelled');
      case 'reset':
        return this.#over(happening.step, 'interrupted');
    }
  }

  /**
   * An execution says hello to the log receiver, for the first time or after its connection was cut.
   * @returns undefined for a second execution of an attempt that goes on, although makeflow's log has only one. It is unknown
   *   for which of them makeflow waits, so it may run. The files that come back with the step count
   */
  hello(step: string, execution: string, host: string): Welcome | undefined {
    const record = this.#steps.get(step);
    const again = record?.attempts.find((attempt) => attempt.execution === execution);
    if (again?.over) return { refuse: `attempt ${again.number} of ${step} is over` };
    if (again) return { step, attempt: again.number, known: true };
    const job = record?.job;
    if (!record || !job) return { refuse: `nobody waits for ${step}` };
    if (record.lost >= this.#workersToLose) return { refuse: `${step} has lost ${record.lost} workers` };
    if (job.surplus) return { refuse: `${step} was tried as often as is allowed` };
    const last = record.attempts.at(-1);
    if (last && !last.over && last.execution === undefined && last.task === executionTask(job, job.executions)) {
      last.execution = execution;
      last.doubtful = wasSilent(record.attempts.at(-2), job);
      return { step, attempt: last.number, known: false };
    }
    if (last?.doubtful && !last.over) {
      last.execution = execution;
      last.doubtful = false;
      return { step, attempt: last.number, known: false };
    }
    if (last?.execution !== undefined && !last.over) return undefined;
    // its line in Work Queue's log has not arrived yet
    const begun = this.#begin(record, step, executionTask(job, job.executions + 1), host);
    Object.assign(record.attempts.at(-1) as Attempt, { execution, doubtful: wasSilent(last, job) });
    return { step, attempt: begun.attempt, known: false, begun };
  }

  /** Records an attempt that was unknown until it ended. */
  unannounced(step: string, task: string, worker: string): Extract<Decision, { type: 'begun' }> {
    const record = this.#record(step);
    const begun = this.#begin(record, step, task, worker);
    (record.attempts.at(-1) as Attempt).over = true;
    return begun;
  }

  /** Makeflow has ended, and every execution with it. */
  interrupted(): Decision[] {
    return [...this.#steps.keys()].flatMap((step) => this.#over(step, 'interrupted'));
  }

  /** The name that an attempt gives itself, if known. */
  executionOf(step: string, attempt: number): string | undefined {
    return this.#steps.get(step)?.attempts.find(({ number }) => number === attempt)?.execution;
  }

  #submitted(step: string | undefined, id: number): Decision[] {
    const task = `${this.#phase}.${this.#makeflows}.${id}`;
    const job: Job = { step, task, executions: 0, onWorker: false, surplus: false, over: false };
    this.#jobs.set(id, job);
    const early = this.#early.filter((happening) => happening.job === id);
    if (early.length > 0) this.#early = this.#early.filter((happening) => happening.job !== id);
    if (step === undefined) return [];
    const record = this.#record(step);
    record.job = job;
    job.surplus = record.failed > this.#retriesOf(step) || record.lost >= this.#workersToLose;
    const decisions: Decision[] = [];
    if (!job.surplus && !record.submitted.includes(task)) {
      record.submitted = withTask(record.submitted, task);
      decisions.push({ type: 'submitted', step, attempt: lastOf(record) + 1, task });
    }
    for (const happening of early) decisions.push(...this.take(happening));
    return decisions;
  }

  #onJob(happening: Happening & { type: 'running' | 'waiting' }): Decision[] {
    const job = this.#jobs.get(happening.job);
    if (!job) {
      this.#early.push(happening);
      return [];
    }
    if (job.step === undefined || job.over) return [];
    const record = this.#record(job.step);
    if (happening.type === 'running') {
      job.executions++;
      job.onWorker = true;
      const task = executionTask(job, job.executions);
      if (job.surplus || record.attempts.some((attempt) => attempt.task === task)) return [];
      return [this.#begin(record, job.step, task, happening.worker)];
    }
    if (!job.onWorker) return [];
    job.onWorker = false;
    const givenUp = !job.surplus && ++record.lost >= this.#workersToLose;
    if (givenUp) {
      job.surplus = true;
      record.ended = withTask(record.ended, job.task);
    }
    const task = executionTask(job, job.executions);
    const attempt = record.attempts.find((one) => one.task === task && !one.over);
    if (!attempt) return [];
    attempt.over = true;
    const lost: Decision = { type: 'lost', step: job.step, attempt: attempt.number, task: job.task };
    return [givenUp ? { ...lost, givenUp: record.lost } : lost];
  }

  #begin(record: StepRecord, step: string, task: string, worker: string): Extract<Decision, { type: 'begun' }> {
    const attempt = lastOf(record) + 1;
    record.attempts = withAttempt(record.attempts, attempt, task);
    return { type: 'begun', step, attempt, task, worker };
  }

  #over(step: string, how: Ending): Decision[] {
    const record = this.#steps.get(step);
    const job = record?.job;
    if (!record || !job) return [];
    record.job = undefined;
    job.over = true;
    if (how === 'failed') record.failed++;
    if (record.ended.includes(job.task)) return [];
    const attempt = record.attempts.find(({ task, over }) => !over && task.startsWith(`${job.task}.`));
    if (how === 'interrupted' && !attempt) return [];
    if (job.surplus && how !== 'complete' && how !== 'failed') return [];
    record.ended = withTask(record.ended, job.task);
    if (attempt) attempt.over = true;
    return [
      {
        type: 'ended',
        step,
        attempt: attempt?.number ?? lastOf(record),
        open: attempt !== undefined,
        task: job.task,
        how,
        retried: how === 'failed' && record.failed <= this.#retriesOf(step),
        surplus: job.surplus,
      },
    ];
  }

  #record(step: string): StepRecord {
    const known = this.#steps.get(step);
    if (known) return known;
    const record: StepRecord = { attempts: [], submitted: [], ended: [], job: undefined, failed: 0, lost: 0 };
    this.#steps.set(step, record);
    return record;
  }
}

/** The list with a task. Unlike `push`, `concat` takes no memory for further ones. */
function withTask(tasks: readonly string[], task: string): readonly string[] {
  return tasks.includes(task) ? tasks : tasks.concat(task);
}

function withAttempt(attempts: readonly Attempt[], number: number, task: string): readonly Attempt[] {
  return attempts.concat({ number, task, execution: undefined, doubtful: false, over: false });
}

function lastOf({ attempts }: StepRecord): number {
  return attempts.at(-1)?.number ?? 0;
}

/** Whether an attempt of this submission ended without a hello. */
function wasSilent(attempt: Attempt | undefined, { task }: Job): boolean {
  if (!attempt?.over || attempt.execution) return false;
  return attempt.task.startsWith(`${task}.`);
}

function executionTask({ task }: Job, execution: number): string {
  return `${task}.${execution}`;
}
