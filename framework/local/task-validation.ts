import type { CommandInfo, Resource, TaskInfo } from '../mesos/messages.ts';
import { asHeld, describe, subtract } from './resources.ts';
import { invalidId } from './validation.ts';

/** The texts of this file are those of Mesos 1.12 (master/validation.cpp, common/validation.cpp). */

export interface LaunchContext {
  /** Ids of the framework's tasks that the master knows, including those of this very call. */
  takenIds: { has(id: string): boolean };
  /** The agent of the offers. */
  agentId: string;
  /** The role of the offers. */
  role: string;
  /** What the offers still hold after the tasks before this one. */
  available: readonly Resource[];
}

/** A task that may run: with its resources in the master's form, and what then is left of the offers. */
export interface ValidTask {
  resources: Resource[];
  left: Resource[];
}

/** Decides over one task of a LAUNCH. @returns what it gets, or the message of its TASK_ERROR */
export function validateTask(task: TaskInfo, context: LaunchContext): ValidTask | { error: string } {
  const id = task.task_id.value;
  const wrong =
    invalidId(id) ??
    (context.takenIds.has(id) ? `Task has duplicate ID: ${id}` : undefined) ??
    invalidAgent(task.agent_id.value, context.agentId) ??
    invalidResource(task.resources) ??
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

function invalidResource(resources: readonly Resource[]): string | undefined {
  const negative = resources.find(({ type, scalar }) => type === 'SCALAR' && (scalar?.value ?? 0) < 0);
  if (!negative) return undefined;
  return `Resource '${describe([negative])}' is invalid: Invalid scalar resource: value <= 0`;
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
