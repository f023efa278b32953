import { readdirSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { openFileLimit } from '../../../framework/tools/open-files.ts';
import { counted } from '../../units/count.ts';
import { formatMemory } from '../../units/size.ts';
import type { Plan } from '../../workflow/plan.ts';
import { type GroupLimits, groupLimits } from './control-groups.ts';

/** The resources of this machine for steps: cores, MB of memory, MB of disk, GPUs. */
export interface LocalOffer {
  cpus: number;
  memory: number;
  disk: number;
  gpus: number;
}

/** The user's choice for a run on this machine; the default is what the machine has. */
export interface ChosenOffer {
  /** Cores for steps. */
  localCpus?: number | undefined;
  /** The same, MB of memory. */
  localMemory?: number | undefined;
  /** The same, GPUs. */
  localGpus?: number | undefined;
}

/** Share of this machine's memory for steps. */
const MEMORY_SHARE = 0.9;
const MB = 2 ** 20;
/**
 * Processes and threads of a step with its worker, and of a run without its steps. Measured with one to six steps of `sleep` at
 * once: 24 for the run and 11 for each step. The rest is for the processes of payloads, and for the page.
 */
const PROCESSES_OF_STEP = 20;
const PROCESSES_OF_RUN = 40;
/** Files that relval has open for each running step, and for the run. Measured: 48 with 2 steps at once, 119 with 16. */
const FILES_OF_STEP = 6;
const FILES_OF_RUN = 48;

/**
 * The resources that a run on this machine offers to its steps.
 * @param chosen the user's choice; default: all cores, nine tenths of the memory and all GPUs, of the machine or of the
 *   control groups of this process
 * @param directory where workers have their sandboxes
 */
export function localOffer(chosen: ChosenOffer, directory: string): LocalOffer {
  const limits = groupLimits();
  const memory = Math.min(totalmem(), limits.memory ?? Number.POSITIVE_INFINITY);
  const { bavail, bsize } = statfsSync(directory);
  return {
    cpus: chosen.localCpus ?? coresWithin(availableParallelism(), limits, openFileLimit()),
    memory: chosen.localMemory ?? Math.floor((memory / MB) * MEMORY_SHARE),
    disk: Math.floor((bavail * bsize) / MB),
    gpus: chosen.localGpus ?? gpusOfMachine(),
  };
}

/**
 * The number of cores that a run may use. The CPU quota must cover them, and the limits of processes and open files must
 * suffice for a step on each core. It is at least 1: then steps run one after the other, as slowly as the quota makes them.
 * @param cores of the machine
 * @param files that this process may have open
 */
export function coresWithin(cores: number, { cpus, processes }: GroupLimits, files: number): number {
  const byQuota = Math.ceil(cpus ?? cores);
  const byProcesses = processes === undefined ? cores : Math.floor((processes - PROCESSES_OF_RUN) / PROCESSES_OF_STEP);
  const byFiles = Math.floor((files - FILES_OF_RUN) / FILES_OF_STEP);
  return Math.max(1, Math.min(cores, byQuota, byProcesses, byFiles));
}

/** The GPUs that NVIDIA's driver shows. */
function gpusOfMachine(): number {
  return readdirSync('/dev').filter((name) => /^nvidia\d+$/.test(name)).length;
}

/**
 * Why a stage of a plan can never run with these resources; undefined if all can.
 * @param least smallest memory and disk of a worker, MB
 */
export function whatDoesNotFit(
  plan: Plan,
  offer: LocalOffer,
  least: Pick<LocalOffer, 'memory' | 'disk'>,
): string | undefined {
  for (const { name, resources } of plan.stages) {
    const memory = Math.max(resources.memory, least.memory);
    const disk = Math.max(resources.disk, least.disk);
    if (resources.cores > offer.cpus)
      return `stage ${name} needs ${counted(resources.cores, 'core')}, but this machine offers ${offer.cpus} (--local-cpus)`;
    if ((resources.gpus ?? 0) > offer.gpus)
      return `stage ${name} needs ${counted(resources.gpus ?? 0, 'GPU')}, but this machine offers ${offer.gpus} (--local-gpus)`;
    if (memory > offer.memory)
      return `stage ${name} needs a worker with ${formatMemory(memory * MB)} of memory, but this machine offers ${formatMemory(offer.memory * MB)} (--local-memory)`;
    if (disk > offer.disk)
      return `stage ${name} needs a worker with ${formatMemory(disk * MB)} of disk, but only ${formatMemory(offer.disk * MB)} are free in the run’s directory`;
  }
  return undefined;
}
