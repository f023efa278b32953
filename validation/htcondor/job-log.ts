/** One thing that HTCondor's job log tells of a job; `jobId` is its cluster, and times are ms since 1970. */
export type JobLogEvent =
  | { type: 'task-running'; time: number; jobId: number; worker: string }
  /** The job waits again: its worker was lost, or took it from its slot. */
  | { type: 'task-waiting'; time: number; jobId: number }
  | { type: 'job-held'; time: number; jobId: number; reason: string; byHand: boolean };

/** Numbers of events, from HTCondor's manual ("Job Event Log Codes"). */
const EXECUTING = 1;
const EVICTED = 4;
const SHADOW_EXCEPTION = 7;
const REMOVED = 9;
const HELD = 12;
const RECONNECT_FAILED = 24;

/** Hold codes of somebody who wants the job to wait: condor_hold, and a job that was submitted as held. */
const BY_HAND: readonly number[] = [1, 15];
/** The files of a remote submission are still on their way. The job waits by itself. */
const SPOOLING = 16;

/** `001 (142.000.000) 2026-11-29 15:18:49.160 Job executing on host: <…>`; before HTCondor 9: `11/29 15:18:49`. */
const HEAD =
  /^(\d{3}) \((\d+)\.\d+\.\d+\) (?:(\d{4})-)?(\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?(Z?) (.*)$/;

/**
 * ms after which an eviction counts by itself. HTCondor also says that a job was evicted when it is about to hold or to remove
 * it, and says that in the next moment.
 */
const MOMENT_MS = 1500;

/**
 * A reader of the job log that makeflow has HTCondor write. An event is a line with its number, lines with details, and a
 * line `...`. It is told of when it is complete.
 * @param now ms since 1970
 * @returns takes new lines; it wants to be called now and then also when there are none
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
  /** Undefined: it says nothing of where the job is. */
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
