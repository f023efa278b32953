import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../../input/input-error.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { LocalContainers } from '../local/containers.ts';
import type { RunRequest } from '../store/record.ts';

/** What a request says about the containers of workers. */
export type ContainerChoice = Pick<RunRequest, 'local' | 'containerizer' | 'image' | 'volume'>;

/** @throws InputError choices that have no meaning together */
export function checkContainers({ local, containerizer = 'process', image, volume }: ContainerChoice): void {
  if (containerizer !== 'process' && !local) {
    throw new InputError([{ message: '--containerizer goes with --local; on a cluster the pools name the image' }]);
  }
  if (containerizer !== 'process') return;
  if (volume !== undefined)
    throw new InputError([
      { message: '--volume goes with --local --containerizer docker or podman; pools have their own' },
    ]);
  if (image === undefined) return;
  if (local) {
    throw new InputError([
      { message: '--image with --local needs --containerizer docker or podman, which starts the worker in it' },
    ]);
  }
  // It becomes a part of the name by which the pools of a cluster choose.
  if (!/^[\w.:/@-]+$/.test(image))
    throw new InputError([{ message: `--image ${image}: expected the name of an image` }]);
}

/**
 * What the workers of a run on this machine are to run in; loaded only where it is used, as the cluster is.
 * @returns undefined for plain processes, and on a cluster
 * @throws InputError no worker of this machine could run like that
 */
export async function containersFor(
  request: RunRequest,
  plan: Plan,
  runDir: string,
): Promise<LocalContainers | undefined> {
  const { local, containerizer = 'process' } = request;
  if (containerizer !== 'process') {
    return (await import('../local/containers.ts')).containersOf(request, plan, runDir);
  }
  if (local) checkWorkerPlace(dirname(realpathSync(runDir)));
  return undefined;
}

/** Makes them ready for use. @returns what keeps them from it */
export async function provideContainers(containers: LocalContainers): Promise<string | undefined> {
  return (await import('../local/containers.ts')).provideImage(containers);
}

/**
 * A worker tries its directory out by a shell command in which it does not quote it (seen with Work Queue 8.0.0), and ends
 * when that fails: steps would wait for ever. In a container its directory is another one.
 * @param runs directory of runs, as the kernel names it: that is what the worker finds itself in
 * @throws InputError no worker of this machine would run below it
 */
function checkWorkerPlace(runs: string): void {
  const [bad] = /[\s'"`$&;|<>()*?[\\]/.exec(runs) ?? [];
  if (bad === undefined) return;
  const message = `work_queue_worker cannot run below ${runs}, because of the ${JSON.stringify(bad)}: keep runs in another directory (--runs)`;
  throw new InputError([{ message }]);
}
