import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { EXPECTED_KEY, ISSUE_KEY } from '../../input/issue-key.ts';
import { z } from '../../input/small-zod.ts';
import { LATEST } from '../../units/time.ts';
import { isLocked, isLockedSoon } from './lock.ts';

/** The request of a run. It is enough to plan the run again when it is resumed. */
export const runRequestSchema = z.object({
  /** Absolute path of the JDL or workflow as given; the run's own copy is in `input/`. */
  input: z.string(),
  /** `KEY=VALUE`, as given. */
  set: z.array(z.string()),
  setAppend: z.array(z.string()),
  /** The values of `$1`, `$2`, … in the JDL, in order. */
  arg: z.optional(z.array(z.string())),
  lenient: z.boolean(),
  /** The directory in which local input files are searched for first. */
  cwd: z.optional(z.string()),
  /** A workflow file that replaces the built-in one. */
  workflow: z.optional(z.string()),
  startAt: z.optional(z.string()),
  stopAt: z.optional(z.string()),
  only: z.optional(z.string()),
  /** The directory of the run whose outputs replace the stages that are not run. */
  from: z.optional(z.string()),
  /** Number of retries of a step after an infrastructure failure; absent: the stages decide. */
  retries: z.optional(z.int().check(z.nonnegative())),
  /** YAML files of rules that are added to the built-in set. */
  rules: z.optional(z.array(z.string())),
  /** Name or file of the policy for the verdict. */
  policy: z.optional(z.string()),
  /** YAML file of components and their contacts. */
  components: z.optional(z.string()),
  /** The run to compare with, instead of the last good one. */
  reference: z.optional(z.string()),
  /** Paths and XRootD addresses of good outputs to compare with. */
  referenceFiles: z.optional(z.array(z.string())),
  /** Start master, framework and workers on this machine. */
  local: z.boolean(),
  /** With `local`: the container runtime of the workers; absent: plain processes. */
  containerizer: z.optional(z.enum(['process', 'docker', 'podman'])),
  /** Image of the workers; absent: the stages name it. */
  image: z.optional(z.string()),
  /** `HOST[:CONTAINER[:RO|RW]]`. */
  volume: z.optional(z.array(z.string())),
  /** `host:port` of the catalog of a cluster. */
  catalog: z.optional(z.string()),
  /** With `catalog`: absolute path of the file with the password of the workers. */
  password: z.optional(z.string()),
  /** The system that runs makeflow's jobs; absent: Work Queue. */
  batch: z.optional(z.enum(['wq', 'condor'])),
  /** With HTCondor: name of the schedd, and HOST[:PORT] of the collector; absent: those of HTCondor's configuration here. */
  schedd: z.optional(z.string()),
  pool: z.optional(z.string()),
  /** `HOST[:PORT]` to which workers send their logs. */
  logAddress: z.optional(z.string()),
  /** The largest number of bytes that are kept of one log. */
  logLimit: z.optional(z.int().check(z.positive())),
  /** Variables with secrets for payloads, which are never stored. `file` has the value, else relval's own environment. */
  secrets: z.optional(z.array(z.object({ name: z.string(), file: z.optional(z.string()) }))),
  /** The nightly that started it. */
  nightly: z.optional(z.object({ name: z.string(), file: z.string() })),
  /** With `relval exec`: the words of the command. The input is made from them. */
  command: z.optional(z.array(z.string())),
  /** JIRA issue that is notified, instead of the configured ones. */
  jira: z.optional(z.string().check(z.regex(ISSUE_KEY, EXPECTED_KEY))),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

/** Times in seconds since the start of the run. */
const timingSchema = z.object({
  seconds: z.number(),
  stages: z.array(
    z.object({
      name: z.string(),
      steps: z.number(),
      /** The start of its first step, and the end of its last one. */
      start: z.number(),
      end: z.number(),
      /** The median duration of its steps. */
      median: z.number(),
    }),
  ),
});
export type RunTiming = z.infer<typeof timingSchema>;

/** A name. */
const text = z.string().check(z.maxLength(1000));

/** ms since 1970, up to the end of the year 9999: a later time cannot be written as a date. */
const time = z.number().check(z.minimum(0), z.maximum(LATEST));

/** run.json: the request, the progress and the result of a run. It is replaced as a whole, never edited. */
export const runRecordSchema = z.object({
  schema: z.literal('relval-run-1'),
  id: text,
  name: text,
  workflow: text,
  /** The absolute path where it started: outputs that steps store in the run are below it. */
  directory: z.optional(z.string()),
  request: runRequestSchema,
  /** `ended`: it has a verdict. In any other state it goes on; if its process is gone, it was interrupted. */
  state: z.enum(['preparing', 'running', 'judging', 'ended']),
  verdict: z.optional(z.enum(['passed', 'failed', 'broken', 'interrupted'])),
  reason: z.optional(z.string().check(z.maxLength(100_000))),
  /**
   * The process that executes it. `start`, in clock ticks since boot, distinguishes a reused pid from the old one. `space`
   * names the boot and the PID namespace in which the pid is valid.
   */
  process: z.object({ pid: z.number(), start: z.string(), host: z.string(), space: z.optional(z.string()) }),
  /** The results of the pre-flight checks, as lines of text. */
  checks: z.optional(z.array(z.string())),
  /** The release under test, if the input names one. */
  release: z.optional(text),
  /** Marked as good by a person. */
  accepted: z.optional(z.object({ time, by: z.string(), note: z.string() })),
  /** The Work Queue project under which its workers find it, or the name of its batch of HTCondor jobs. */
  project: text,
  /** ms since 1970. */
  created: time,
  ended: z.optional(time),
  /** The durations of its stages, to estimate later runs. Only for a run that was not resumed. */
  timing: z.optional(timingSchema),
  /** Of a run that has ended: steps whose state by the report is not that of their last attempt, for example because of an error in a log. */
  judged: z.optional(z.record(text, z.enum(['succeeded', 'failed', 'broken']))),
  totals: z.object({
    steps: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    broken: z.number(),
    running: z.number(),
  }),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** What a list of runs shows, and by what runs are selected and found. */
export interface RunSummary
  extends Pick<
    RunRecord,
    'id' | 'name' | 'workflow' | 'release' | 'state' | 'verdict' | 'reason' | 'accepted' | 'created' | 'ended'
  > {
  /** Absent: the run has ended. */
  process?: RunRecord['process'] | undefined;
  totals: Pick<RunRecord['totals'], 'steps' | 'succeeded'>;
}

export function summaryOf(record: RunRecord): RunSummary {
  const { id, name, workflow, release, state, verdict, reason, accepted, created, ended, totals } = record;
  const process = state === 'ended' ? undefined : record.process;
  const { steps, succeeded } = totals;
  return {
    ...{ id, name, workflow, release, state, verdict, reason, process, accepted, created, ended },
    totals: { steps, succeeded },
  };
}

/** The states of a run that `list` and `status` show. */
export const STATUSES = ['preparing', 'running', 'judging', 'passed', 'failed', 'broken', 'interrupted'] as const;
export type RunStatus = (typeof STATUSES)[number];

const LIVE: readonly RunStatus[] = ['preparing', 'running', 'judging'];

/** Whether a run with this status goes on. */
export function isLive(status: RunStatus): boolean {
  return LIVE.includes(status);
}

/** This process, in the form of `RunRecord.process`. */
export function thisProcess(): RunRecord['process'] {
  return { pid: process.pid, start: processStart(process.pid) ?? '', host: hostname(), ...ownSpace() };
}

/**
 * The state to show. A run that has not ended, but that no process executes, was interrupted.
 * @param directory the run's directory, as seen from here
 */
export function statusOf(
  record: RunSummary & { directory?: string | undefined },
  directory = record.directory,
): RunStatus {
  if (record.state === 'ended') return record.verdict ?? 'interrupted';
  return record.process && isAlive(record.process, directory) ? record.state : 'interrupted';
}

/** Like `statusOf`, for a process that goes on with other work and looks often. The answer may be two seconds old. */
export async function statusSoon(record: RunRecord, directory: string): Promise<RunStatus> {
  if (record.state === 'ended' || isHere(record.process)) return statusOf(record, directory);
  const locked = await isLockedSoon(directory, JSON.stringify(record.process));
  return isAliveBy(record.process, locked) ? record.state : 'interrupted';
}

/**
 * Whether the process of a run is alive. If its pid is valid here, the process is looked up. If not (another machine, a
 * container, another PID namespace), the lock of the run's directory decides. Without a lock, a process on another machine
 * counts as alive.
 */
export function isAlive(owner: RunRecord['process'], directory?: string): boolean {
  if (isHere(owner)) return processStart(owner.pid) === owner.start;
  return isAliveBy(owner, directory === undefined ? undefined : isLocked(directory, JSON.stringify(owner)));
}

/** @param locked whether a process has the lock of the run's directory; undefined: unknown */
function isAliveBy({ pid, start, host }: RunRecord['process'], locked: boolean | undefined): boolean {
  return locked ?? (processStart(pid) === start || host !== hostname());
}

/** Whether the pid of a run's process is valid here. An old record has no `space`; then the host name and the start decide. */
export function isHere({ pid, start, host, space }: RunRecord['process']): boolean {
  if (space !== undefined) return space === ownSpace().space;
  return host === hostname() && processStart(pid) === start;
}

let own: { space?: string } | undefined;

/** The boot and the PID namespace of this process. */
function ownSpace(): { space?: string } {
  if (own) return own;
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    own = { space: `${boot} ${readlinkSync('/proc/self/ns/pid')}` };
  } catch {
    own = {};
  }
  return own;
}

/**
 * The start time of a process: field 22 of /proc/PID/stat, counted from the last parenthesis, because the command before it may
 * contain blanks. A zombie counts as gone.
 */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
