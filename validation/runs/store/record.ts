import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { issueKey } from '../../input/yaml-types.ts';
import { LATEST } from '../../units/time.ts';
import { isLocked } from './lock.ts';

/** What a run was asked to do: enough to plan it again when it is resumed. */
export const runRequestSchema = z.object({
  /** Absolute path of the JDL or workflow as given; the run's own copy is in `input/`. */
  input: z.string(),
  /** `KEY=VALUE`, as given. */
  set: z.array(z.string()),
  setAppend: z.array(z.string()),
  /** Of `$1`, `$2`, … in the JDL, in order. */
  arg: z.array(z.string()).optional(),
  lenient: z.boolean(),
  /** Directory in which local input files are looked for first. */
  cwd: z.string().optional(),
  /** A workflow file in the place of the built-in one. */
  workflow: z.string().optional(),
  startAt: z.string().optional(),
  stopAt: z.string().optional(),
  only: z.string().optional(),
  /** Directory of the run whose outputs are taken for the stages that are not run. */
  from: z.string().optional(),
  /** Times makeflow tries a step again after an infrastructure failure; absent: as each stage says. */
  retries: z.number().int().nonnegative().optional(),
  /** YAML files of rules that are added to the built-in set. */
  rules: z.array(z.string()).optional(),
  /** Name or file of the policy for the verdict. */
  policy: z.string().optional(),
  /** YAML file of components and who looks after them. */
  components: z.string().optional(),
  /** The run to compare with, in the place of the last good one. */
  reference: z.string().optional(),
  /** Paths and XRootD addresses of good outputs to compare with. */
  referenceFiles: z.array(z.string()).optional(),
  /** Start master, framework and workers on this machine. */
  local: z.boolean(),
  /** With `local`: what workers run in; absent: plain processes. */
  containerizer: z.enum(['process', 'docker', 'podman']).optional(),
  /** Image of the workers; absent: what the stages name. */
  image: z.string().optional(),
  /** `HOST[:CONTAINER[:RO|RW]]`. */
  volume: z.array(z.string()).optional(),
  /** `host:port` of the catalog of a cluster. */
  catalog: z.string().optional(),
  /** With `catalog`: absolute path of the file with the password that workers must know. */
  password: z.string().optional(),
  /** What runs makeflow's jobs; absent: Work Queue. */
  batch: z.enum(['wq', 'condor']).optional(),
  /** With HTCondor: name of the schedd, and HOST[:PORT] of the collector; absent: what HTCondor is configured for here. */
  schedd: z.string().optional(),
  pool: z.string().optional(),
  /** `HOST[:PORT]` by which workers reach this machine with their logs. */
  logAddress: z.string().optional(),
  /** Bytes that are kept of one log. */
  logLimit: z.number().int().positive().optional(),
  /** Variables that payloads get and that must not be written down; `file` has the value, else our own environment. */
  secrets: z.array(z.object({ name: z.string(), file: z.string().optional() })).optional(),
  /** The nightly that it is a run of. */
  nightly: z.object({ name: z.string(), file: z.string() }).optional(),
  /** With `relval exec`: the words that were to be run; the input is then made from them. */
  command: z.array(z.string()).optional(),
  /** JIRA issue that is told, in the place of the configured ones. */
  jira: issueKey.optional(),
});
export type RunRequest = z.infer<typeof runRequestSchema>;

/** Seconds, from the beginning of the run. */
const timingSchema = z.object({
  seconds: z.number(),
  stages: z.array(
    z.object({
      name: z.string(),
      steps: z.number(),
      /** When its first step started, and its last one ended. */
      start: z.number(),
      end: z.number(),
      /** Of what its steps took. */
      median: z.number(),
    }),
  ),
});
export type RunTiming = z.infer<typeof timingSchema>;

/** A name. */
const text = z.string().max(1000);

/** ms since 1970, up to the end of the year 9999: a later time cannot be written as a date. */
const time = z.number().min(0).max(LATEST);

/** run.json: what was asked, how far it is, how it ended. Replaced as a whole, never edited. */
export const runRecordSchema = z.object({
  schema: z.literal('relval-run-1'),
  id: text,
  name: text,
  workflow: text,
  /** Where it was begun, absolute: what its steps store with it they store below that. */
  directory: z.string().optional(),
  request: runRequestSchema,
  /** `ended`: there is a verdict; anything else is under way, or interrupted when its process is gone. */
  state: z.enum(['preparing', 'running', 'judging', 'ended']),
  verdict: z.enum(['passed', 'failed', 'broken', 'interrupted']).optional(),
  reason: z.string().max(100_000).optional(),
  /**
   * The process that carries it: `start` in clock ticks since boot tells a reused pid from the old one, `space` is where pids
   * mean the same.
   */
  process: z.object({ pid: z.number(), start: z.string(), host: z.string(), space: z.string().optional() }),
  /** What the pre-flight checks found, as lines of a text. */
  checks: z.array(z.string()).optional(),
  /** Release under test, where the input names one. */
  release: text.optional(),
  /** Marked as good by a person. */
  accepted: z.object({ time, by: z.string(), note: z.string() }).optional(),
  /** The Work Queue project its workers are found by, or the name of its batch of HTCondor jobs. */
  project: text,
  /** ms since 1970. */
  created: time,
  ended: time.optional(),
  /** How long its stages took, for what to expect of later runs; only of one that ran through at once. */
  timing: timingSchema.optional(),
  totals: z.object({
    steps: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    broken: z.number(),
    running: z.number(),
  }),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** What `list` and `status` call a run's state. */
export type RunStatus = 'preparing' | 'running' | 'judging' | 'passed' | 'failed' | 'broken' | 'interrupted';

/** This process, in the form of `RunRecord.process`. */
export function thisProcess(): RunRecord['process'] {
  return { pid: process.pid, start: processStart(process.pid) ?? '', host: hostname(), ...ownSpace() };
}

/**
 * The state to show: a run that says it goes on, but that nobody carries, was interrupted.
 * @param directory of the run, as it is found from here
 */
export function statusOf(record: RunRecord, directory = record.directory): RunStatus {
  if (record.state === 'ended') return record.verdict ?? 'interrupted';
  return isAlive(record.process, directory) ? record.state : 'interrupted';
}

/**
 * Whether a process executes a run. Where pids have the same meaning as here, the process is looked up. Elsewhere (another machine, a
 * container, another PID namespace) they mean nothing, and the lock of the run's directory says it. Without that, a
 * process on another machine counts as alive.
 */
export function isAlive(carrier: RunRecord['process'], directory?: string): boolean {
  const here = processStart(carrier.pid) === carrier.start;
  if (isHere(carrier)) return here;
  const locked = directory === undefined ? undefined : isLocked(directory, JSON.stringify(carrier));
  return locked ?? (here || carrier.host !== hostname());
}

/** Whether the pid of a run's process means something to us. A record of before does not say so: then the host's name has to do. */
export function isHere({ pid, start, host, space }: RunRecord['process']): boolean {
  if (space !== undefined) return space === ownSpace().space;
  return host === hostname() && processStart(pid) === start;
}

let own: { space?: string } | undefined;

/** The boot and the PID namespace that we are in. */
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
 * /proc/PID/stat, field 22: counted from the last parenthesis, since the command before it may hold blanks. One that has
 * ended and that nobody has waited for is gone.
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
