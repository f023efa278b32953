import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasPartitionableSlots } from '../../htcondor/slots.ts';
import type { CondorBatch } from '../../makeflow/htcondor.ts';
import type { WorkQueueBatch } from '../../makeflow/work-queue.ts';
import type { RunRecord } from '../store/record.ts';

/** What runs the steps of a run that is not on this machine. @param directory of the run */
export async function batchOf(
  { id, project, request }: RunRecord,
  directory: string,
): Promise<WorkQueueBatch | CondorBatch> {
  const { batch, catalog, password, schedd, pool, image } = request;
  if (batch === 'condor') {
    const queue = { schedd, pool };
    const keepsClaims = !(await hasPartitionableSlots(queue));
    return { type: 'condor', ...queue, mark: markOf(id, directory), batchName: project, keepsClaims, image };
  }
  return { type: 'wq', catalog: catalog as string, project, passwordFile: password };
}

/** Tells the jobs of a run from those of all others, also where two directories of runs have one of the same name. */
function markOf(id: string, directory: string): string {
  const place = `${hostname()}:${realpathSync(directory)}`;
  return `${id}-${createHash('sha256').update(place).digest('hex').slice(0, 8)}`;
}
