import { rmSync } from 'node:fs';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import type { Report } from '../../report/model.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { PlanOptions } from '../../workflow/planner.ts';
import { prepareRun } from '../execution/execute.ts';
import { takeOutputs } from '../inputs/earlier-outputs.ts';
import type { LocalContainers } from '../local/containers.ts';
import { RunJournal } from '../store/journal.ts';
import { lockRun, type RunLock } from '../store/lock.ts';
import { type RunRecord, type RunRequest, thisProcess } from '../store/record.ts';
import { releaseOf } from '../store/release.ts';
import type { RunDir, RunStore } from '../store/store.ts';
import { containersFor } from './containers.ts';
import { asInputError, planner } from './planning.ts';

/** A run whose directory has everything that it needs. This process holds its lock. */
export interface PreparedRun {
  journal: RunJournal;
  lock: RunLock;
  plan: Plan;
  /** Plans the run again, from the copy of its inputs. */
  again: (more: PlanOptions) => Plan;
  /** The containers of its workers on this machine; undefined: plain processes, or a cluster. */
  containers: LocalContainers | undefined;
}

/** A run that can be executed, or that has ended before its first step. */
export type StartedRun = PreparedRun & { ended?: Report };

export interface NewRun {
  store: RunStore;
  name: string;
  /** Copies the inputs into the run's directory, and returns the request of the run. */
  fill: (run: RunDir) => Promise<RunRequest> | RunRequest;
  /** The release under test; default: the release that the input names. */
  release?: string | undefined;
  /** The earlier run that has the outputs of the stages that are not run. */
  from?: RunDir | undefined;
}

/**
 * Makes a run: directory, lock, copy of the inputs, plan, Makeflow file, journal. If anything fails, nothing is left behind.
 * @throws InputError
 */
export async function createRun({ store, name, fill, release, from }: NewRun): Promise<PreparedRun> {
  const { id, run } = store.create(name, new Date());
  // The directory is new: nobody else can hold its lock.
  const lock = lockRun(run.path) as RunLock;
  try {
    const request = await fill(run);
    const again = planner(run, request);
    const plan = again({});
    const containers = await containersFor(request, plan, run.path);
    await prepareRun(run, plan, request);
    if (from) takeOutputs(from, run, plan);
    const journal = new RunJournal(run, newRecord({ id, run }, name, plan, request, release ?? releaseOf(plan)));
    journal.add({ type: 'created', name, workflow: plan.workflow });
    return { journal, lock, plan, again, containers };
  } catch (error) {
    lock.release();
    rmSync(run.path, { recursive: true, force: true });
    throw asInputError(error as Error);
  }
}

/**
 * Opens an existing run, to resume it or to execute it in the background.
 * @param check looks at the run before anything in it changes
 */
export async function reopenRun(
  run: RunDir,
  lock: RunLock,
  record: RunRecord,
  check?: (containers: LocalContainers | undefined) => Promise<void>,
): Promise<PreparedRun> {
  const again = planner(run, record.request);
  const plan = again({});
  const containers = await containersFor(record.request, plan, run.path);
  await check?.(containers);
  const journal = new RunJournal(run, { ...record, process: thisProcess() });
  return { journal, lock, plan, again, containers };
}

function newRecord(
  { id, run }: { id: string; run: RunDir },
  name: string,
  plan: Plan,
  request: RunRequest,
  release?: string,
): RunRecord {
  return {
    schema: 'relval-run-1',
    id,
    name,
    workflow: plan.workflow,
    directory: run.path,
    request,
    state: 'preparing',
    process: thisProcess(),
    ...(release !== undefined && { release }),
    project: projectOf(id, request),
    created: steadyNow(),
    totals: { steps: plan.steps.length, succeeded: 0, failed: 0, broken: 0, running: 0 },
  };
}

/**
 * Project name of a run. On a cluster of Work Queue it contains the image, if one is given, so that only a pool with that
 * image serves it. To HTCondor each job tells its image.
 */
function projectOf(id: string, { local, image, batch }: RunRequest): string {
  return local || image === undefined || batch === 'condor' ? `relval-${id}` : `relval-${id}@image=${image}`;
}
