/**
 * Attempts of steps: an attempt is an execution, from the moment at which a worker starts the step. Makeflow knows
 * submissions (a retry makes a new one), Work Queue's log which worker has one and that it was lost, and the step itself
 * says hello to the log receiver. Here their words become one numbering, the same whatever order they come in, and when
 * they are heard a second time because relval was killed.
 */

/** What makeflow's log, Work Queue's log and the log receiver tell, in their words. `job` is Work Queue's task id. */
export type Happening =
  /** Job ids mean something within one makeflow only. */
  | { type: 'makeflow-started' }
  /** `step` is undefined for a rule of ours that is no step. */
  | { type: 'submitted'; step: string | undefined; job: number }
  | { type: 'returned'; step: string; how: 'complete' | 'failed' }
  /** Cancelled, because makeflow was told to end. */
  | { type: 'cancelled'; step: string }
  /** Taken back: the makeflow that submitted it was killed. */
  | { type: 'reset'; step: string }
  | { type: 'running'; job: number; worker: string }
  /** For the first time, or because its worker was lost. */
  | { type: 'waiting'; job: number }
  /** Work Queue begins to count its jobs anew. */
  | { type: 'manager-started' };

/** What follows from it. Nothing does from what was known. */
export type Decision =
  | { type: 'submitted'; step: string; attempt: number; task: string }
  | { type: 'begun'; step: string; attempt: number; task: string; worker: string }
  /** The worker was lost, and the attempt with it. `givenUp`: so many were that the step is not run again. */
  | { type: 'lost'; step: string; attempt: number; task: string; givenUp?: number }
  /**
   * Makeflow has it back, or has given it up. `attempt`: the last one, 0 when there was none; `open`: this is its end, no
   * log has told of another. `surplus`: it was tried as often as is allowed before; unless it was refused, that was an
   * attempt all the same.
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
 * Workers that a step may lose under one makeflow. Work Queue would give it to others for ever, and what ends so many
 * workers is most likely the step itself.
 */
const WORKERS_TO_LOSE = 5;

export type Ending = 'complete' | 'failed' | 'cancelled' | 'interrupted';

/** The answer to an execution that says hello. `begun`: no log has told of it yet. */
export type Welcome =
  | { step: string; attempt: number; known: boolean; begun?: Extract<Decision, { type: 'begun' }> }
  | { refuse: string };

/** What was written down of attempts before: the events of a run are of this form. */
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
  /** What the step calls itself. */
  execution?: string;
  /** The one before was lost without a hello. Its hello may have come late and be this one's: then another one follows. */
  doubtful?: boolean;
  over: boolean;
}

interface StepRecord {
  attempts: Attempt[];
  /** Submissions that were told. */
  submitted: Set<string>;
  /** Submissions whose end was told. */
  ended: Set<string>;
  /** The one that makeflow waits for. */
  job?: Job;
  /** Failures, and workers that were lost, under this makeflow. */
  failed: number;
  lost: number;
}

/** A submission under the makeflow whose log is read. */
interface Job {
  step: string | undefined;
  task: string;
  /** How many workers have started it. */
  executions: number;
  /** The last of these has it. */
  onWorker: boolean;
  surplus: boolean;
  over: boolean;
}

export class AttemptBook {
  readonly #steps = new Map<string, StepRecord>();
  readonly #jobs = new Map<number, Job>();
  /** Of jobs that makeflow's log has not yet told of. */
  #early: (Happening & { job: number })[] = [];
  #phase = 0;
  #makeflows = 0;
  #retriesOf: (step: string) => number = () => 0;
  #workersToLose = WORKERS_TO_LOSE;

  /**
   * Begins with the logs of a phase.
   * @param retriesOf how often a step is tried again
   * @param workersToLose after so many lost workers it is not
   */
  open(phase: number, retriesOf: (step: string) => number, workersToLose = WORKERS_TO_LOSE): void {
    this.#workersToLose = workersToLose;
    this.#phase = phase;
    this.#makeflows = 0;
    this.#retriesOf = retriesOf;
    this.#jobs.clear();
    this.#early = [];
    for (const record of this.#steps.values()) delete record.job;
  }

  /** Takes in what was written down before. */
  remember(event: Remembered): void {
    const record = this.#record(event.step);
    const attempt = record.attempts.find(({ number }) => number === event.attempt);
    switch (event.type) {
      case 'step-submitted':
        record.submitted.add(event.task);
        break;
      case 'step-running':
        record.attempts.push({ number: event.attempt, task: event.task, over: false });
        break;
      case 'step-connected':
        if (attempt) attempt.execution = event.execution;
        break;
      case 'step-requeued':
        if (attempt) attempt.over = true;
        break;
      case 'step-ended':
        if (attempt) attempt.over = true;
        record.ended.add(event.task);
        break;
    }
  }

  /** How many makeflows of a phase have had steps, by what was written down before. */
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

  /** Takes one thing that happened, in the order of the logs' times. */
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
   * An execution says hello to the log receiver, or does so again after its connection was cut.
   * @returns undefined for a second one of an attempt that goes on: makeflow's log has told of one only. Nobody knows
   *   which of them is the one that makeflow waits for, so it may run all the same; what comes back with the step counts
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
    // its line in Work Queue's log is still to come
    const begun = this.#begin(record, step, executionTask(job, job.executions + 1), host);
    Object.assign(record.attempts.at(-1) as Attempt, { execution, doubtful: wasSilent(last, job) });
    return { step, attempt: begun.attempt, known: false, begun };
  }

  /** An attempt that nobody knew of until it was over. */
  unannounced(step: string, task: string, worker: string): Extract<Decision, { type: 'begun' }> {
    const record = this.#record(step);
    const begun = this.#begin(record, step, task, worker);
    (record.attempts.at(-1) as Attempt).over = true;
    return begun;
  }

  /** Makeflow is gone, and with it every execution. */
  interrupted(): Decision[] {
    return [...this.#steps.keys()].flatMap((step) => this.#over(step, 'interrupted'));
  }

  /** What an attempt calls itself, where that is known. */
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
    if (!job.surplus && !record.submitted.has(task)) {
      record.submitted.add(task);
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
      record.ended.add(job.task);
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
    record.attempts.push({ number: attempt, task, over: false });
    return { type: 'begun', step, attempt, task, worker };
  }

  #over(step: string, how: Ending): Decision[] {
    const record = this.#steps.get(step);
    const job = record?.job;
    if (!record || !job) return [];
    delete record.job;
    job.over = true;
    if (how === 'failed') record.failed++;
    if (record.ended.has(job.task)) return [];
    const attempt = record.attempts.find(({ task, over }) => !over && task.startsWith(`${job.task}.`));
    if (how === 'interrupted' && !attempt) return [];
    if (job.surplus && how !== 'complete' && how !== 'failed') return [];
    record.ended.add(job.task);
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
    const record: StepRecord = { attempts: [], submitted: new Set(), ended: new Set(), failed: 0, lost: 0 };
    this.#steps.set(step, record);
    return record;
  }
}

function lastOf({ attempts }: StepRecord): number {
  return attempts.at(-1)?.number ?? 0;
}

/** Whether an attempt of this submission is over and has never said hello. */
function wasSilent(attempt: Attempt | undefined, { task }: Job): boolean {
  if (!attempt?.over || attempt.execution) return false;
  return attempt.task.startsWith(`${task}.`);
}

function executionTask({ task }: Job, execution: number): string {
  return `${task}.${execution}`;
}
