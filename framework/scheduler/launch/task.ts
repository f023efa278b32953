import type { ProjectDemand } from '../../demand/demand.ts';
import type { WorkerLaunch } from '../../demand/worker-kind.ts';
import type { CommandInfo, ContainerInfo, Resource, TaskInfo } from '../../mesos/messages.ts';
import type { Pool } from '../state/pool.ts';
import type { WorkerIdentity } from '../state/records.ts';

/** The Mesos task that is a worker, in a container when the pool has an image. */
export function workerTask(
  pool: Pool,
  worker: WorkerIdentity,
  resources: Resource[],
  project: ProjectDemand,
): TaskInfo {
  const container = containerOf(pool);
  return {
    name: `${pool.kind.title} for ${worker.project}`,
    task_id: { value: worker.id },
    agent_id: { value: worker.agentId },
    resources,
    command: commandOf(pool, pool.kind.launch(pool, worker, project)),
    ...(container && { container }),
    kill_policy: { grace_period: { nanoseconds: String(Math.round(pool.killGraceSeconds * 1e9)) } },
    labels: {
      labels: [
        { key: 'pool', value: pool.name },
        { key: 'project', value: worker.project },
        { key: 'manager', value: worker.manager },
      ],
    },
  };
}

function commandOf(pool: Pool, { command, environment = {}, files = [] }: WorkerLaunch): CommandInfo {
  const all = Object.entries({ ...environment, ...pool.environment });
  const variables = all.map(([name, text]) => ({ name, type: 'VALUE', value: text }));
  const uris = [...files, ...pool.uris].map(({ uri, extract, executable, cache, outputFile }) => ({
    value: uri,
    ...(extract !== undefined && { extract }),
    ...(executable !== undefined && { executable }),
    ...(cache !== undefined && { cache }),
    ...(outputFile !== undefined && { output_file: outputFile }),
  }));
  return {
    shell: true,
    value: command,
    ...(pool.user !== undefined && { user: pool.user }),
    ...(variables.length > 0 && { environment: { variables } }),
    ...(uris.length > 0 && { uris }),
  };
}

function containerOf(pool: Pool): ContainerInfo | undefined {
  if (pool.image === undefined) return undefined;
  const volumes = pool.volumes.map(({ hostPath, containerPath, mode }) => ({
    host_path: hostPath,
    container_path: containerPath,
    mode,
  }));
  if (pool.containerizer === 'mesos') {
    const image = { type: 'DOCKER', docker: { name: pool.image }, cached: !pool.forcePull } as const;
    return { type: 'MESOS', volumes, mesos: { image } };
  }
  return {
    type: 'DOCKER',
    volumes,
    docker: {
      image: pool.image,
      // Workers must reach their manager, and its address may be one of this host's.
      network: 'HOST',
      privileged: pool.privileged,
      force_pull_image: pool.forcePull,
      ...(pool.dockerParameters.length > 0 && { parameters: pool.dockerParameters }),
    },
  };
}
