import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../../input/input-error.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { LocalContainers } from '../local/containers.ts';
import type { RunRequest } from '../store/record.ts';

/** The part of a request about the containers of workers. */
export type ContainerChoice = Pick<RunRequest, 'local' | 'containerizer' | 'image' | 'volume'>;

/** @throws InputError for options that contradict one another */
export function checkContainers({ local, containerizer = 'process', image, volume }: ContainerChoice): void {
  if (containerizer !== 'process' && !local) {
    throw new InputError([
      { message: '--containerizer needs --local; on a cluster the pools decide about containers' },
    ]);
  }
  if (containerizer !== 'process') return;
  if (volume !== undefined)
    throw new InputError([
      {
        message: '--volume needs --local and --containerizer docker or podman; on a cluster the pools name the volumes',
      },
    ]);
  if (image === undefined) return;
  if (local) {
    throw new InputError([{ message: '--image with --local needs --containerizer docker or podman' }]);
  }
  // The image becomes a part of the name by which the pools of a cluster are chosen.
  if (!/^[\w.:/@-]+$/.test(image))
    throw new InputError([{ message: `--image ${image}: expected the name of an image` }]);
}

/**
 * The containers for the workers of a run on this machine. The code is loaded only when it is used.
 * @returns undefined for plain processes, and on a cluster
 * @throws InputError when no worker of this machine could run in such a container
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

/** Prepares the containers. @returns why that is impossible */
export async function provideContainers(containers: LocalContainers): Promise<string | undefined> {
  return (await import('../local/containers.ts')).provideImage(containers);
}

/**
 * A worker (Work Queue 8.0.0) tests its directory with a shell command that does not quote the name. With some names the test
 * fails and the worker ends, so steps would wait for ever. In a container the worker has another directory.
 * @param runs directory of runs with all links resolved, because the worker uses that name
 * @throws InputError when no worker of this machine could run below it
 */
function checkWorkerPlace(runs: string): void {
  const [bad] = /[\s'"`$&;|<>()*?[\\]/.exec(runs) ?? [];
  if (bad === undefined) return;
  const message = `work_queue_worker cannot run below ${runs}, because its name contains ${JSON.stringify(bad)}. Use another directory of runs with --runs`;
  throw new InputError([{ message }]);
}
