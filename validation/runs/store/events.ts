import type { StepState } from '../../report/model.ts';
import { stateAfter } from '../../report/step-states.ts';
import { sameText } from './same-text.ts';

/**
 * One line of events.ndjson: everything that happened to a run, in order, appended and never changed. `time` in ms
 * since 1970. All views of a run's progress are made from it.
 */
export type RunEvent = { time: number } & (
  | { type: 'created'; name: string; workflow: string }
  /** The steps of a phase are known; listed in makeflow's order. They take the place of those that it had before, none as well. */
  | { type: 'planned'; phase: number; steps: { id: string; stage: string }[] }
  /** Steps that had ended wait to be run again. */
  | { type: 'repeated'; phase: number; steps: string[] }
  | { type: 'phase-started'; phase: number; makeflow: number }
  /**
   * Work Queue has it: it waits for a worker from now on. `attempt` is the number of its next attempt. `task` names the
   * submission uniquely in the run: `PHASE.MAKEFLOW.JOB`.
   */
  | { type: 'step-submitted'; step: string; attempt: number; task: string }
  /**
   * A worker has started it: an attempt begins, with the directory `steps/STEP/ATTEMPT`. `task` names the execution: the name
   * of the submission, and the number of the execution.
   */
  | { type: 'step-running'; step: string; attempt: number; task: string; worker: string }
  /** The attempt has reached the log receiver: its log is written as it grows. `execution` is in its result.json too. */
  | { type: 'step-connected'; step: string; attempt: number; execution: string; host: string }
  /** Its worker was lost, and the attempt with it. Work Queue gives the step to another worker. */
  | { type: 'step-requeued'; step: string; attempt: number; message: string }
  | {
      type: 'step-ended';
      step: string;
      /** The last attempt; 0: it never ran. */
      attempt: number;
      /** The submission that ended. */
      task: string;
      state: Extract<StepState, 'succeeded' | 'failed' | 'broken' | 'aborted'>;
      /** True when makeflow tries it again. */
      retried: boolean;
      exitStatus?: number;
      signal?: string;
      message?: string;
      seconds?: number;
      host?: string;
      /** Seconds of CPU time and bytes of memory at its peak, of the payload and its children. */
      cpuTime?: number;
      peakMemory?: number;
    }
  /**
   * Why steps wait, as a sentence. `refused`: makeflow did not accept a worker. `waiting`: why the framework launches no
   * worker; this is valid until a step runs again.
   */
  | { type: 'held-up'; cause: 'refused' | 'waiting'; message: string }
  | { type: 'phase-ended'; phase: number; how: string }
  | { type: 'resumed'; pid: number }
  | { type: 'ended'; verdict: string; reason: string }
  /** A notification about the run was sent, or could not be sent. */
  | {
      type: 'notified';
      channel: string;
      event: 'started' | 'finished';
      outcome: 'sent' | 'failed';
      attempts: number;
      message?: string | undefined;
    }
);

const STATES: readonly unknown[] = ['waiting', 'submitted', 'running', 'succeeded', 'failed', 'broken', 'aborted'];
/** The types of the keys that are looked at. */
const TYPES: ReadonlyMap<string, 'string' | 'number'> = new Map([
  ...[
    ...[
      'cause',
      'name',
      'workflow',
      'step',
      'task',
      'worker',
      'execution',
      'host',
      'message',
      'signal',
      'how',
      'verdict',
    ],
    ...['reason', 'channel', 'event', 'outcome'],
  ].map((key) => [key, 'string'] as const),
  ...['time', 'phase', 'makeflow', 'attempt', 'exitStatus', 'seconds', 'cpuTime', 'peakMemory', 'pid', 'attempts'].map(
    (key) => [key, 'number'] as const,
  ),
]);

/** The largest number of characters of a name or a message. */
const LONGEST = 4000;

/**
 * Parses a line of events.ndjson. Undefined if it is not an event: a crash or a full disk cut it off, or another program wrote
 * it. The values have the right types, and long texts are cut. Unknown keys and unknown types of events stay.
 */
export function parseEvent(line: string): RunEvent | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const event = value as Record<string, unknown>;
  const { type, time, steps, state, step } = event;
  const isGood =
    typeof type === 'string' &&
    typeof time === 'number' &&
    (type !== 'planned' || (Array.isArray(steps) && steps.every(isPlanned))) &&
    (type !== 'repeated' || (Array.isArray(steps) && steps.every((id) => typeof id === 'string'))) &&
    (state === undefined || STATES.includes(state)) &&
    (!type.startsWith('step-') || typeof step === 'string');
  if (!isGood) return undefined;
  for (const key in event) {
    const wanted = TYPES.get(key);
    if (wanted === undefined) continue;
    const given = event[key];
    if (typeof given !== wanted) return undefined;
    if (typeof given === 'string' && given.length > LONGEST) event[key] = `${given.slice(0, LONGEST)}…`;
  }
  return value as RunEvent;
}

function isPlanned(step: unknown): boolean {
  const { id, stage } = (step ?? {}) as { id?: unknown; stage?: unknown };
  return typeof id === 'string' && typeof stage === 'string' && id.length <= LONGEST && stage.length <= LONGEST;
}

export interface StepView {
  id: string;
  stage: string;
  state: StepState;
  /** The step will run again, and has not begun to: its last attempt does not count any more. */
  again: boolean;
  /** The last attempt that had succeeded before the step was to run again; 0: none. */
  repeated: number;
  /** The last attempt that began; 0: none. */
  attempt: number;
  /** The time of its last change of state, ms since 1970. */
  since?: number;
  /** The start of the last attempt, ms since 1970. */
  start?: number;
  worker?: string;
  host?: string;
  /** The message of the last attempt that ended. */
  message?: string;
  /** The duration of the last attempt that ended. */
  seconds?: number;
}

export type StateCounts = Record<StepState, number>;

export interface StageView {
  /** Its steps by their states. */
  counts: StateCounts;
  /** The start of its first step, and the latest end of a step so far, ms since 1970. */
  start?: number;
  end?: number;
}

/** The progress of a run, made from its events. The cost of an event does not depend on the number of steps. */
export interface RunView {
  phase: number;
  steps: Map<string, StepView>;
  /** By phase, the ids of its steps. */
  planned: Map<number, string[]>;
  /** What `repeated` was of steps that are not planned at this moment. */
  repeated: Map<string, number>;
  /** All steps by their states. */
  counts: StateCounts;
  /** In the order of the plan. */
  stages: Map<string, StageView>;
  /** Ids of the steps that run now, in the order in which they started. */
  running: Set<string>;
  /** The reasons why steps wait now, newest last. */
  heldUp: { cause: 'refused' | 'waiting'; message: string }[];
  verdict?: string;
  reason?: string;
}

export function emptyView(): RunView {
  return {
    ...{ phase: 0, steps: new Map(), planned: new Map(), repeated: new Map(), counts: noSteps(), stages: new Map() },
    ...{ running: new Set(), heldUp: [] },
  };
}

function noSteps(): StateCounts {
  return { waiting: 0, submitted: 0, running: 0, succeeded: 0, failed: 0, broken: 0, aborted: 0 };
}

/** Applies one event to a view. */
export function applyEvent(view: RunView, event: RunEvent): void {
  switch (event.type) {
    case 'planned':
      plan(view, event);
      break;
    case 'repeated':
      for (const id of event.steps) repeat(view, id, event.time);
      break;
    case 'phase-started':
      view.phase = event.phase;
      break;
    case 'held-up':
      addObstacle(view, event);
      break;
    case 'step-submitted':
    case 'step-running':
    case 'step-connected':
    case 'step-requeued':
    case 'step-ended':
      applyToStep(view, event);
      break;
    case 'ended':
      view.heldUp = [];
      view.verdict = event.verdict;
      view.reason = event.reason;
      break;
    case 'resumed':
      delete view.verdict;
      delete view.reason;
      break;
  }
}

/** The largest number of refused workers that a view keeps. */
const MOST_REFUSED = 5;

function addObstacle(view: RunView, { cause, message }: Extract<RunEvent, { type: 'held-up' }>): void {
  const others = view.heldUp.filter((one) => (cause === 'waiting' ? one.cause !== cause : one.message !== message));
  view.heldUp = [...others, { cause, message }].slice(-MOST_REFUSED);
}

type StepEvent = Extract<RunEvent, { step: string }>;

/** Changes the step in place, field by field. With 10,000 steps and some events each, new objects would take half of the time. */
function applyToStep(view: RunView, event: StepEvent): void {
  const step = view.steps.get(event.step);
  if (!step) return;
  const before = step.state;
  const state = stateAfter(event);
  if (state !== undefined) {
    step.state = state;
    step.since = event.time;
  }
  switch (event.type) {
    case 'step-running':
      if (view.heldUp.length > 0) view.heldUp = view.heldUp.filter(({ cause }) => cause !== 'waiting');
      step.again = false;
      step.attempt = event.attempt;
      step.worker = sameText(event.worker);
      step.host = undefined;
      step.start = event.time;
      break;
    case 'step-connected':
      step.host = sameText(event.host);
      break;
    case 'step-requeued':
      step.message = event.message;
      break;
    case 'step-ended':
      if (event.state !== 'aborted') step.again = false;
      step.attempt = event.attempt;
      step.message = event.message;
      step.seconds = event.seconds;
      if (event.host !== undefined) step.host = sameText(event.host);
      break;
  }
  if (step.state !== before) count(view, step, before);
}

function plan(view: RunView, { phase, steps }: Extract<RunEvent, { type: 'planned' }>): void {
  const ids = new Set(steps.map(({ id }) => id));
  for (const id of view.planned.get(phase) ?? []) if (!ids.has(id)) removeStep(view, id);
  for (const { id, stage } of steps) if (!view.steps.has(id)) addStep(view, id, stage);
  view.planned.set(phase, [...ids]);
}

function repeat(view: RunView, id: string, time: number): void {
  const step = view.steps.get(id);
  if (!step) return;
  const before = step.state;
  Object.assign(step, { state: 'waiting', since: time, again: true, repeated: settledOf(step) });
  if (before !== 'waiting') count(view, step, before);
}

function settledOf({ state, attempt, repeated }: StepView): number {
  return state === 'succeeded' ? attempt : repeated;
}

function removeStep(view: RunView, id: string): void {
  const step = view.steps.get(id);
  const ofStage = step && view.stages.get(step.stage);
  if (!step || !ofStage) return;
  view.steps.delete(id);
  view.repeated.set(id, settledOf(step));
  view.running.delete(id);
  view.counts[step.state]--;
  ofStage.counts[step.state]--;
  if (Object.values(ofStage.counts).every((number) => number === 0)) view.stages.delete(step.stage);
}

function addStep(view: RunView, id: string, stage: string): void {
  const ofStage = view.stages.get(stage) ?? { counts: noSteps() };
  view.stages.set(stage, ofStage);
  // All fields exist from the beginning, so that all steps have one object shape: V8 is slow with several shapes.
  view.steps.set(id, {
    id,
    stage,
    state: 'waiting',
    again: false,
    repeated: view.repeated.get(id) ?? 0,
    attempt: 0,
    since: undefined,
    start: undefined,
    worker: undefined,
    host: undefined,
    message: undefined,
    seconds: undefined,
  });
  view.counts.waiting++;
  ofStage.counts.waiting++;
}

/** Gives steps of a run that has ended the states that they have by its report. */
export function applyStates(view: RunView, states: Readonly<Record<string, StepState>>): void {
  for (const [id, state] of Object.entries(states)) {
    const step = view.steps.get(id);
    if (!step || step.state === state) continue;
    const before = step.state;
    step.state = state;
    count(view, step, before);
  }
}

/** Updates the counts after the state of a step changed from `before`. */
function count(view: RunView, next: StepView, before: StepState): void {
  const stage = view.stages.get(next.stage) as StageView;
  for (const counts of [view.counts, stage.counts]) {
    counts[before]--;
    counts[next.state]++;
  }
  const since = next.since ?? 0;
  if (next.state === 'running') {
    view.running.add(next.id);
    stage.start = Math.min(stage.start ?? since, since);
  } else if (before === 'running') {
    view.running.delete(next.id);
    stage.end = Math.max(stage.end ?? since, since);
  }
}
