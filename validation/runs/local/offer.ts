import { statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { formatMemory } from '../../units/size.ts';
import type { Plan } from '../../workflow/plan.ts';

/** What this machine has for steps: cores, MB of memory, MB of disk. */
export interface LocalOffer {
  cpus: number;
  memory: number;
  disk: number;
}

/** Of this machine's memory, what steps may have. */
const MEMORY_SHARE = 0.9;
const MB = 2 ** 20;

/**
 * What a run on this machine offers to its steps.
 * @param chosen what the user gives them; default: all cores, and nine tenths of the memory, of the machine or of the
 *   control group that we are in
 * @param directory where workers have their sandboxes
 */
export function localOffer(chosen: { cpus?: number; memory?: number }, directory: string): LocalOffer {
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const { bavail, bsize } = statfsSync(directory);
  return {
    cpus: chosen.cpus ?? availableParallelism(),
    memory: chosen.memory ?? Math.floor((Math.min(totalmem(), limit) / MB) * MEMORY_SHARE),
    disk: Math.floor((bavail * bsize) / MB),
  };
}

/**
 * Why a stage of a plan can never run with this; undefined when all can.
 * @param least MB that a worker has at least
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
      return `${name} needs ${resources.cores} cores, and this machine gives ${offer.cpus} (--local-cpus)`;
    if (memory > offer.memory)
      return `${name} needs a worker with ${formatMemory(memory * MB)} memory, and this machine gives ${formatMemory(offer.memory * MB)} (--local-memory)`;
    if (disk > offer.disk)
      return `${name} needs a worker with ${formatMemory(disk * MB)} of disk, and only ${formatMemory(offer.disk * MB)} are free where the run is`;
  }
  return undefined;
}
