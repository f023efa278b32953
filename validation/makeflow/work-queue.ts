import type { BatchSystem } from './batch.ts';
import { parseWorkerLogLine } from './worker-log.ts';

/** Nothing listens there, and only root could. */
export const NO_CATALOG = '127.0.0.1:1';

export interface WorkQueueBatch {
  type: 'wq';
  /** `host:port`; without it makeflow would report to the public catalog of its authors. `NO_CATALOG`: it reports to none. */
  catalog: string;
  /** Name under which the catalog lists this manager. */
  project: string;
  /** A file with the password of the workers: its whole content, line feeds included. */
  passwordFile?: string | undefined;
  /** The port for workers; default: a free one. */
  port?: number;
  /** Words before its command line that start it in another place, such as a network namespace. They keep its pid. */
  enter?: readonly string[];
}

/** Workers connect to makeflow. Jobs and their environment go from one to the other only, and end with makeflow. */
export function workQueueSystem({ catalog, project, passwordFile, port, enter = [] }: WorkQueueBatch): BatchSystem {
  const nothing = async (): Promise<void> => {};
  return {
    arguments: (path) => [
      ...['-T', 'wq', '-N', project, '-C', catalog, '-Z', `${path}.port`],
      // -Z chooses a free port, unless -p follows.
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...(passwordFile === undefined ? [] : ['--password', passwordFile]),
    ],
    enter,
    give: (_directory, variables) => ({ ...variables }),
    jobLog: (path) => ({
      path: `${path}.wqlog.tr`,
      read: (lines) => lines.flatMap((line) => parseWorkerLogLine(line) ?? []),
    }),
    clear: nothing,
    withdraw: nothing,
    withdrawJob: nothing,
    isSubmitting: () => false,
  };
}
