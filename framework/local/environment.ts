import type { FrameworkInfo, TaskInfo } from '../mesos/messages.ts';

/** The PATH of a task when this program has no PATH. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The place where a command task runs. */
export interface Place {
  agentId: string;
  /** Port of the agent's HTTP API on 127.0.0.1. */
  port: number;
  /** Milliseconds. */
  shutdownGrace: number;
  directory: string;
  containerId: string;
}

/**
 * The environment that Mesos' agent gives a command task, with the task's own variables. It has no HOME and no other variable of
 * this program. A real agent does not set MESOS_CONTAINER_ID: here it marks the processes of the task.
 */
export function environmentOf(framework: FrameworkInfo, info: TaskInfo, place: Place): Record<string, string> {
  const own = (info.command?.environment?.variables ?? []).map(({ name, value }) => [name, value ?? '']);
  return {
    PATH: process.env.PATH ?? DEFAULT_PATH,
    LIBPROCESS_IP: '127.0.0.1',
    LIBPROCESS_PORT: '0',
    MESOS_AGENT_ENDPOINT: `127.0.0.1:${place.port}`,
    MESOS_ALLOCATION_ROLE: info.resources[0]?.allocation_info?.role ?? '*',
    MESOS_CHECKPOINT: framework.checkpoint ? '1' : '0',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: `${place.shutdownGrace / 1000}secs`,
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    MESOS_RECOVERY_TIMEOUT: '15mins',
    MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
    MESOS_SLAVE_PID: `slave(1)@127.0.0.1:${place.port}`,
    ...Object.fromEntries(own),
    MESOS_CONTAINER_ID: place.containerId,
    MESOS_DIRECTORY: place.directory,
    MESOS_EXECUTOR_ID: info.task_id.value,
    MESOS_FRAMEWORK_ID: framework.id?.value ?? '',
    MESOS_SANDBOX: place.directory,
    MESOS_SLAVE_ID: place.agentId,
  };
}
