import type { CommandInfo } from '../mesos/messages.ts';

/** The place and the variables of a task. */
export interface Surroundings {
  /** The sandbox, on this machine. */
  directory: string;
  /** The whole environment of a process, the task's own variables included. */
  environment: Record<string, string>;
  /** Ids of the user that the command names; absent: the agent's own. */
  uid?: number;
  gid?: number;
}

/** How a task ended by itself. */
export interface Ending {
  succeeded: boolean;
  message: string;
  /** Present if the agent knows more than the exit status. */
  reason?: string;
}

/** A started task: processes of this machine, or a container. */
export interface TaskBody {
  /** Resolves when nothing of it is left. */
  readonly ended: Promise<Ending>;
  /** For the status TASK_RUNNING. */
  readonly data?: Buffer;
  /** Asks it to end. @param grace milliseconds; after them `destroy` is called */
  terminate(grace: number): void;
  /** Ends it at once. Resolves when nothing of it is left. */
  destroy(): Promise<void>;
}

/** Starts a task in its sandbox. Rejects with a LaunchError, or another one, when that is impossible. */
export type Start = (command: CommandInfo, surroundings: Surroundings) => TaskBody | Promise<TaskBody>;

/** A launch that failed before a process of the task ran. Its message becomes the message of the status. */
export class LaunchError extends Error {
  /** The sender of the status: the docker executor names no reason. */
  readonly source: 'SOURCE_AGENT' | 'SOURCE_EXECUTOR';

  constructor(message: string, source: 'SOURCE_AGENT' | 'SOURCE_EXECUTOR' = 'SOURCE_AGENT') {
    super(message);
    this.source = source;
  }
}
