/** An event of HTCondor's job log. `jobId` is the job's cluster. Times are ms since 1970. */
export type JobLogEvent =
  | { type: 'task-running'; time: number; jobId: number; worker: string }
  /** The job waits again: its worker was lost, or evicted it. */
  | { type: 'task-waiting'; time: number; jobId: number }
  | { type: 'job-held'; time: number; jobId: number; reason: string; byHand: boolean };

/** Numbers of events, from HTCondor's manual ("Job Event Log Codes"). */
const EXECUTING = 1;
const EVICTED = 4;
const SHADOW_EXCEPTION = 7;
const REMOVED = 9;
const HELD = 12;
const RECONNECT_FAILED = 24;

/** Hold codes of jobs that a person holds: by condor_hold, or by submitting the job as held. */
const BY_HAND: readonly number[] = [1, 15];
/** The input files of a remote submission are still being transferred. HTCondor releases the job itself. */
const SPOOLING = 16;

/** `001 (142.000.000) 2026-11-29 15:18:49.160 Job executing on host: <…>`; before HTCondor 9: `11/29 15:18:49`. */
const HEAD =
  /^(\d{3}) \((\d+)\.\d+\.\d+\) (?:(\d{4})-)?(\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?(Z?) (.*)$/;

/**
 * After this time an eviction counts, ms. HTCondor also writes an eviction before it holds or removes a job. Then the next event
 * follows at once.
 */
const MOMENT_MS = 1500;

/**
 * Reads the job log that HTCondor writes for makeflow. An event has a line with its number, lines with details, and a line
 * `...`. It is returned when it is complete.
 * @param now ms since 1970
 * @returns a function for new lines. Call it regularly, also without new lines
 */
export function jobLogReader(now: () => number): (lines: readonly string[]) => JobLogEvent[] {
  let open: string[] = [];
  const evicted = new Map<number, { event: JobLogEvent; readAt: number }>();
  return (lines) => {
    const events: JobLogEvent[] = [];
    for (const line of lines) {
      if (line !== '...') {
        open.push(line);
        continue;
      }
      const { code, event, jobId } = eventOf(open, now());
      open = [];
      const before = evicted.get(jobId);
      evicted.delete(jobId);
      if (before && code !== HELD && code !== REMOVED) events.push(before.event);
      if (event?.type === 'task-waiting') evicted.set(jobId, { event, readAt: now() });
      else if (event) events.push(event);
    }
    for (const [jobId, { event, readAt }] of evicted) {
      if (now() - readAt < MOMENT_MS) continue;
      evicted.delete(jobId);
      events.push(event);
    }
    return events;
  };
}

interface Told {
  code: number;
  jobId: number;
  /** Undefined: the event does not change where the job is. */
  event?: JobLogEvent;
}

function eventOf([first = '', ...details]: readonly string[], now: number): Told {
  const head = HEAD.exec(first);
  if (!head) return { code: -1, jobId: -1 };
  const [code, jobId] = [Number(head[1]), Number(head[2])];
  const at = { time: timeOf(head, now), jobId };
  const told = (event: JobLogEvent): Told => ({ code, jobId, event });
  switch (code) {
    case EXECUTING:
      return told({ type: 'task-running', ...at, worker: workerOf(head.at(-1) ?? '', details) });
    case EVICTED:
    case SHADOW_EXCEPTION:
    case RECONNECT_FAILED:
      return told({ type: 'task-waiting', ...at });
    case HELD: {
      const hold = Number(/^\s*Code (\d+)/m.exec(details.join('\n'))?.[1]);
      if (hold === SPOOLING) return { code, jobId };
      const reason = details[0]?.trim() || 'it does not say why';
      return told({ type: 'job-held', ...at, reason, byHand: BY_HAND.includes(hold) });
    }
    default:
      return { code, jobId };
  }
}

/** `slot1@cm.test`, which newer releases name, or the host's address. */
function workerOf(said: string, details: readonly string[]): string {
  const [, slot] = /^\s*SlotName: (\S+)/m.exec(details.join('\n')) ?? [];
  const [, address = ''] = /<([^>?]*)/.exec(said) ?? [];
  return slot ?? address;
}

/** The log has the local time of the schedd's machine, unless its administrator chose UTC, which ends with Z. */
function timeOf([, , , year, month, day, hour, minute, second, fraction = '0', zone]: RegExpExecArray, now: number) {
  const parts = [
    year === undefined ? new Date(now).getFullYear() : Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    Number(fraction.padEnd(3, '0')),
  ] as const;
  return zone === 'Z' ? Date.UTC(...parts) : new Date(...parts).getTime();
}
