import type { CommandInfo, Resource, TaskInfo } from '../mesos/messages.ts';
import { asHeld, describe, subtract } from './resources.ts';
import { invalidId, invalidRole } from './validation.ts';

/** The texts of this file are those of Mesos 1.12 (master/validation.cpp, common/validation.cpp). */

export interface LaunchContext {
  /** Ids of the framework's tasks that the master knows, including those of this call. */
  takenIds: { has(id: string): boolean };
  /** The agent of the offers. */
  agentId: string;
  /** The role of the offers. */
  role: string;
  /** The resources of the offers that the tasks before this one have left. */
  available: readonly Resource[];
}

/** A valid task: its resources in the master's form, and the resources of the offers that are left. */
export interface ValidTask {
  resources: Resource[];
  left: Resource[];
}

/** Checks one task of a LAUNCH. @returns its resources, or the message of its TASK_ERROR */
export function validateTask(task: TaskInfo, context: LaunchContext): ValidTask | { error: string } {
  const id = task.task_id.value;
  const wrong =
    invalidId(id) ??
    (context.takenIds.has(id) ? `Task has duplicate ID: ${id}` : undefined) ??
    invalidAgent(task.agent_id.value, context.agentId) ??
    invalidCommand(task.command) ??
    invalidContainer(task);
  if (wrong) return { error: wrong };
  const resources = asHeld(task.resources, context.role);
  if (resources.length === 0) return { error: 'Task uses no resources' };
  const left = subtract(context.available, resources);
  if (left) return { resources, left };
  const wanted = describe(resources);
  return {
    error: `Total resources ${wanted} required by task and its executor is more than available ${describe(context.available)}`,
  };
}

function invalidAgent(agentId: string, expected: string): string | undefined {
  return agentId === expected ? undefined : `Task uses invalid agent ${agentId} while agent ${expected} is expected`;
}

/**
 * Why a resource is invalid in itself, without regard to the offer. One such resource invalidates all tasks of its LAUNCH
 * operation; the tasks of other operations in the same ACCEPT still run (seen with Mesos 1.12).
 */
export function invalidResources(tasks: readonly TaskInfo[]): string | undefined {
  for (const resource of tasks.flatMap((task) => task.resources)) {
    const error = invalidAmount(resource) ?? (resource.role === undefined ? undefined : invalidRole(resource.role));
    if (error !== undefined) return `Resource '${describe([resource])}' is invalid: ${error}`;
  }
  return undefined;
}

function invalidAmount({ type, scalar, ranges }: Resource): string | undefined {
  if (type === 'SCALAR' && !scalar) return 'Invalid scalar resource';
  if (type === 'SCALAR' && (scalar?.value ?? 0) < 0) return 'Invalid scalar resource: value <= 0';
  const reversed = (ranges?.range ?? []).some(({ begin, end }) => Number(begin) > Number(end));
  return type === 'RANGES' && reversed ? 'Invalid ranges resource: begin > end' : undefined;
}

function invalidCommand(command: CommandInfo | undefined): string | undefined {
  if (!command) return 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';
  for (const { name, type = 'VALUE', value } of command.environment?.variables ?? []) {
    if (type === 'VALUE' && value === undefined) {
      return `Task's \`CommandInfo\` is invalid: Environment variable '${name}' of type 'VALUE' must have a value set`;
    }
  }
  return undefined;
}

function invalidContainer({ container }: TaskInfo): string | undefined {
  if (container?.type !== 'DOCKER' || container.docker) return undefined;
  return "Task's `ContainerInfo` is invalid: DockerInfo 'docker' is not set for DOCKER typed ContainerInfo";
}
