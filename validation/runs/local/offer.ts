import { statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { formatMemory } from '../../units/size.ts';
import type { Plan } from '../../workflow/plan.ts';

/** The resources of this machine for steps: cores, MB of memory, MB of disk. */
export interface LocalOffer {
  cpus: number;
  memory: number;
  disk: number;
}

/** Share of this machine's memory for steps. */
const MEMORY_SHARE = 0.9;
const MB = 2 ** 20;

/**
 * The resources that a run on this machine offers to its steps.
 * @param chosen the user's choice; default: all cores, and nine tenths of the memory, of the machine or of the
 *   control group of this process
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
      return `stage ${name} needs ${resources.cores} cores, but this machine offers ${offer.cpus} (--local-cpus)`;
    if (memory > offer.memory)
      return `stage ${name} needs a worker with ${formatMemory(memory * MB)} of memory, but this machine offers ${formatMemory(offer.memory * MB)} (--local-memory)`;
    if (disk > offer.disk)
      return `stage ${name} needs a worker with ${formatMemory(disk * MB)} of disk, but only ${formatMemory(offer.disk * MB)} are free in the run’s directory`;
  }
  return undefined;
}
