import { isAbsolute, join } from 'node:path';
import type { CommandInfo, ContainerInfo, TaskInfo } from '../mesos/messages.ts';
import { totals } from './resources.ts';
import { LaunchError } from './task-body.ts';

/** The path of the sandbox inside a container: the agent's `--sandbox_directory` (slave/flags.cpp). */
export const SANDBOX = '/mnt/mesos/sandbox';

/** cgroups/constants.hpp: CPU_SHARES_PER_CPU, MIN_CPU_SHARES, MIN_MEMORY (MB). */
const SHARES_PER_CPU = 1024;
const MIN_SHARES = 2;
const MIN_MEMORY = 32;

/** The settings that the agent adds to those of the task. */
export interface ContainerPlace {
  /** `mesos-<container id>`. */
  name: string;
  /** The sandbox, on this machine. */
  directory: string;
  labels: Record<string, string>;
  /** `UID:GID`, if the task names no user and the container must not run as the user of its image. */
  user?: string | undefined;
  /** Options of the program itself. */
  options?: readonly string[];
}

/** The image of a task; undefined: the task runs as a plain process. */
export function imageOf(container: ContainerInfo | undefined): string | undefined {
  return container?.type === 'DOCKER' ? container.docker?.image : container?.mesos?.image?.docker.name;
}

/** Whether the image is pulled even if this machine has it. */
export function mustPull(container: ContainerInfo | undefined): boolean {
  return container?.docker?.force_pull_image === true || container?.mesos?.image?.cached === false;
}

/** The user that the task's own docker parameters name. */
export function userParameter(container: ContainerInfo | undefined): string | undefined {
  return container?.docker?.parameters?.find(({ key }) => key === 'user')?.value;
}

/** The memory limit of the container, MB. */
export function memoryLimit(task: TaskInfo): number {
  return Math.max(Number(totals(task.resources).mem), MIN_MEMORY);
}

/**
 * The arguments of `docker create` for a task: those of `docker run` in Mesos' docker executor (docker/docker.cpp, RunOptions).
 * Two things are stricter: the memory limit includes swap, and a volume whose host path does not exist is an error, not an empty
 * directory that root makes.
 * @throws LaunchError for what docker cannot do
 */
export function createArguments(task: TaskInfo, command: CommandInfo, place: ContainerPlace): string[] {
  const { container } = task;
  const resources = totals(task.resources);
  const memory = `${Math.floor(memoryLimit(task) * 2 ** 20)}`;
  const shares = Math.max(Math.floor(Number(resources.cpus) * SHARES_PER_CPU), MIN_SHARES);
  const variables = (command.environment?.variables ?? []).map(({ name, value }): [string, string] => [
    name,
    value ?? '',
  ]);
  const environment = new Map([
    ...variables,
    ['MESOS_SANDBOX', SANDBOX] as const,
    ['MESOS_CONTAINER_NAME', place.name] as const,
    ['MESOS_ALLOCATION_ROLE', task.resources[0]?.allocation_info?.role ?? '*'] as const,
  ]);
  const shell = command.shell ?? true;
  if (shell && command.value === undefined) throw refused('Shell specified but no command value provided');
  const words = shell ? ['-c', command.value ?? ''] : [command.value ?? [], command.arguments ?? []].flat();
  return [
    ...['create', '--pull', 'never', '--name', place.name],
    ...(container?.docker?.privileged ? ['--privileged'] : []),
    ...['--cpu-shares', String(shares), '--memory', memory, '--memory-swap', memory],
    ...[...environment].flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...volumesOf(container, place.directory).flatMap((volume) => ['--mount', volume]),
    ...networkOf(container),
    ...Object.entries(place.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...(place.user === undefined ? [] : ['--user', place.user]),
    ...(place.options ?? []),
    ...(container?.docker?.parameters ?? []).map(({ key, value }) => `--${key}=${value}`),
    ...(shell ? ['--entrypoint', '/bin/sh'] : []),
    imageOf(container) ?? '',
    ...words,
  ];
}

const refused = (why: string): LaunchError =>
  new LaunchError(`Failed to create docker run options: ${why}`, 'SOURCE_EXECUTOR');

/** docker has the same names as Mesos for NONE and HOST, in small letters. */
function networkOf(container: ContainerInfo | undefined): string[] {
  const named = container?.docker?.parameters?.some(({ key }) => key === 'net' || key === 'network');
  if (named) return [];
  const network = container?.docker?.network ?? 'HOST';
  if (network === 'USER') throw refused('No network info found in container info');
  if (container?.hostname === undefined) return ['--network', network.toLowerCase()];
  if (network === 'HOST') throw refused('Unable to set hostname with host network mode');
  return ['--network', network.toLowerCase(), '--hostname', container.hostname];
}

/** For `--mount`: the volumes of the task, then the sandbox. A relative host path is a path in the sandbox. */
function volumesOf(container: ContainerInfo | undefined, directory: string): string[] {
  const volumes = (container?.volumes ?? []).map(({ host_path, container_path, mode }) => {
    if (host_path === undefined) throw refused('Host path or volume source is required');
    if (!isAbsolute(host_path) && !isAbsolute(container_path)) {
      throw refused(`Both host_path '${host_path}' and container_path '${container_path}' of a volume are relative`);
    }
    const source = isAbsolute(host_path) ? host_path : join(directory, host_path);
    const target = isAbsolute(container_path) ? container_path : `${SANDBOX}/${container_path}`;
    return mount(source, target, mode === 'RO');
  });
  return [...volumes, mount(directory, SANDBOX, false)];
}

/** docker reads the fields as CSV. */
function mount(source: string, target: string, readOnly: boolean): string {
  const fields = ['type=bind', `source=${source}`, `target=${target}`, ...(readOnly ? ['readonly'] : [])];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
