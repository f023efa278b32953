/** When a step started and ended: ms since 1970. Absent: it has not started, or not ended, yet. */
export interface StepTimes {
  started?: number;
  ended?: number;
}

/** A step of the critical path. */
export interface CriticalStep {
  id: string;
  /** Seconds for which it waited for a worker: from the end of the step before it (first step: from the start of the run). */
  waited: number;
  ran: number;
}

/**
 * The critical path: the steps that decided when a run ended. It begins at the step that ended last. Before it comes the step
 * that ended last of those that it waited for, and so on. Any other step could have taken a little longer without delaying
 * the end.
 * @param after ids of the steps that a step waits for
 * @param start of the run, ms since 1970
 * @returns in the order in which they ran; empty if no step has ended
 */
export function criticalPath(
  steps: ReadonlyMap<string, StepTimes>,
  after: (id: string) => Iterable<string>,
  start: number,
): CriticalStep[] {
  const ids: string[] = [];
  const seen = new Set<string>();
  for (let id = lastOf(steps.keys(), steps); id !== undefined && !seen.has(id); id = lastOf(after(id), steps)) {
    seen.add(id);
    ids.push(id);
  }
  let before = start;
  return ids.reverse().map((id) => {
    const { started = before, ended = started } = steps.get(id) ?? {};
    const step = { id, waited: Math.max(0, started - before) / 1000, ran: (ended - started) / 1000 };
    before = ended;
    return step;
  });
}

/** The step that ended last; undefined if no step has ended. */
function lastOf(ids: Iterable<string>, steps: ReadonlyMap<string, StepTimes>): string | undefined {
  let last: string | undefined;
  let latest = Number.NEGATIVE_INFINITY;
  for (const id of ids) {
    const { started, ended } = steps.get(id) ?? {};
    if (started === undefined || ended === undefined || ended <= latest) continue;
    last = id;
    latest = ended;
  }
  return last;
}
