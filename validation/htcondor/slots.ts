import { condorTool, type Queue } from './tools.ts';

/**
 * Whether the pool has partitionable slots. There a claim that is kept for the next job blocks a job of another size: for 302 s in
 * a measurement, although the claim should be kept for 30 s.
 */
export function hasPartitionableSlots(queue: Queue): Promise<boolean> {
  return hasSlots(queue, 'PartitionableSlot =?= true').catch(() => true);
}

/** Whether the pool now has a slot that can run containers. @throws {HTCondorError} */
export function hasContainerSlots(queue: Queue): Promise<boolean> {
  return hasSlots(queue, 'HasContainer =?= true || HasDocker =?= true');
}

async function hasSlots(queue: Queue, constraint: string): Promise<boolean> {
  const listed = await condorTool(queue, 'condor_status', ['-constraint', constraint, '-af', 'Name', '-limit', '1']);
  return listed.trim() !== '';
}
