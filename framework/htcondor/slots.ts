import type { Need, SeenWorker } from '../demand/demand.ts';
import type { JsonAd } from './ads.ts';

/** Attributes of our workers' ads: the id of the launch, and for whom the worker was launched. */
export const LAUNCH_ATTRIBUTES = ['LaunchId', 'LaunchSubmitter', 'LaunchSchedd'] as const;

export const SLOT_ATTRIBUTES = [
  ...LAUNCH_ATTRIBUTES,
  'Name',
  'Machine',
  'State',
  'Activity',
  'Cpus',
  'Memory',
  'Disk',
  'GPUs',
];

/** Attributes that are the same for all workers of an installation: the first worker shows them for all later ones. */
export const MACHINE_ATTRIBUTES = [
  'Arch',
  'CondorVersion',
  'FileSystemDomain',
  'HasContainer',
  'HasDocker',
  'HasDockerURL',
  'HasFileTransfer',
  'HasFileTransferPluginMethods',
  'HasJobDeferral',
  'HasPerFileEncryption',
  'HasReconnect',
  'HasSIF',
  'HasSandboxImage',
  'HasSelfCheckpointTransfers',
  'HasSingularity',
  'HasTransferInputRemaps',
  'Microarch',
  'OpSys',
  'OpSysAndVer',
  'OpSysMajorVer',
  'OpSysName',
  'OpSysShortName',
  'OpSysVer',
  'UidDomain',
];

/** The slot of one of our workers. */
export interface Slot {
  tag: string;
  submitter: string;
  schedd: string;
  name: string;
  machine: string;
  /** `Unclaimed`, `Matched`, `Claimed`, `Preempting`, `Drained` …; then its activity: `Idle`, `Busy` … */
  state: string;
  activity: string;
  cores: number;
  memory: number;
  disk: number;
  gpus: number;
  /** The attributes of its machine in its ad. */
  attributes: JsonAd;
}

/** Reads an ad of `condor_status -json`. Undefined: it is not the slot of one of our workers. */
export function slotOf(ad: JsonAd): Slot | undefined {
  const { LaunchId: tag, LaunchSubmitter: submitter, LaunchSchedd: schedd, Name: name } = ad;
  if (![tag, submitter, schedd, name].every((one) => typeof one === 'string')) return undefined;
  // Not of our workers: somebody advertises a slot with the id of another worker.
  if (tagOf(String(name)) !== tag) return undefined;
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    tag: text(tag),
    submitter: text(submitter),
    schedd: text(schedd),
    name: text(name),
    machine: text(ad.Machine),
    state: text(ad.State),
    activity: text(ad.Activity),
    cores: number(ad.Cpus),
    memory: number(ad.Memory),
    disk: Math.floor(number(ad.Disk) / 1024),
    gpus: number(ad.GPUs),
    attributes: Object.fromEntries(MACHINE_ATTRIBUTES.flatMap((key) => (key in ad ? [[key, ad[key]]] : []))),
  };
}

/** The name of a slot is `slot1@NAME@MACHINE`; NAME is the id of the launch for our workers. */
function tagOf(slotName: string): string {
  return /^slot[\d_]+@(.+)@[^@]+$/.exec(slotName)?.[1] ?? slotName;
}

/** Whether a slot is large enough for a job. */
export function isFor({ cores, memory, disk, gpus }: Slot, need: Need): boolean {
  return (
    (need.cores ?? 0) <= cores && (need.memory ?? 0) <= memory && (need.disk ?? 0) <= disk && (need.gpus ?? 0) <= gpus
  );
}

/**
 * The workers of one user at one schedd.
 * @param slots our slots for this user at this schedd
 * @param busy slots that run the user's jobs, ours and others'
 * @param waiting the user's waiting jobs
 */
export function workersOf(slots: readonly Slot[], busy: ReadonlySet<string>, waiting: readonly Need[]): SeenWorker[] {
  const listed = new Set(slots.map(({ name }) => name));
  // A restarted collector does not know all slots yet. The schedd knows them while they run its jobs.
  const others = [...busy].filter((name) => !listed.has(name));
  return [
    ...slots.map((slot) => {
      const { tag, name, machine, state, activity, cores, memory, disk, gpus } = slot;
      // A schedd may keep a claim for ever without a job: so the slot is idle when no job waits that it could run.
      const isInUse = activity !== 'Idle' || waiting.some((need) => isFor(slot, need));
      const runs = busy.has(name) || state === 'Matched' || (state === 'Claimed' && isInUse);
      return {
        tag,
        hostname: machine,
        shape: { cores, memory, disk, ...(gpus > 0 && { gpus }) },
        tasksRunning: runs ? 1 : 0,
      };
    }),
    ...others.map((name) => ({
      tag: tagOf(name),
      hostname: name.slice(name.lastIndexOf('@') + 1),
      shape: { cores: 1, memory: 0, disk: 0 },
      tasksRunning: 1,
    })),
  ];
}
