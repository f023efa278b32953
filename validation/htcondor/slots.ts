import { condorTool, type Queue } from './tools.ts';

/**
 * Whether a slot of the pool is divided for its jobs. There, a claim that is kept for the next job keeps a job of another size
 * from the slot: for 302 s in a measurement, though it should be kept for 30 s.
 */
export function hasPartitionableSlots(queue: Queue): Promise<boolean> {
  return hasSlots(queue, 'PartitionableSlot =?= true').catch(() => true);
}

/** Whether a slot runs containers now. @throws {HTCondorError} */
export function hasContainerSlots(queue: Queue): Promise<boolean> {
  return hasSlots(queue, 'HasContainer =?= true || HasDocker =?= true');
}

async function hasSlots(queue: Queue, constraint: string): Promise<boolean> {
  const listed = await condorTool(queue, 'condor_status', ['-constraint', constraint, '-af', 'Name', '-limit', '1']);
  return listed.trim() !== '';
}
