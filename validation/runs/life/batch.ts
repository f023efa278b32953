import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import type { CondorBatch } from '../../makeflow/htcondor.ts';
import type { WorkQueueBatch } from '../../makeflow/work-queue.ts';
import type { RunRecord } from '../store/record.ts';

/** What runs the steps of a run that is not on this machine. @param directory of the run */
export function batchOf({ id, project, request }: RunRecord, directory: string): WorkQueueBatch | CondorBatch {
  const { batch, catalog, password, schedd, pool, image } = request;
  if (batch === 'condor')
    return { type: 'condor', schedd, pool, mark: markOf(id, directory), batchName: project, image };
  return { type: 'wq', catalog: catalog as string, project, passwordFile: password };
}

/** Tells the jobs of a run from those of all others, also where two directories of runs have one of the same name. */
function markOf(id: string, directory: string): string {
  const place = `${hostname()}:${realpathSync(directory)}`;
  return `${id}-${createHash('sha256').update(place).digest('hex').slice(0, 8)}`;
}
