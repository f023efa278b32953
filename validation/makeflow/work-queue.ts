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

/** The file where makeflow writes its port. @param path of the Makeflow file */
export function portFile(path: string): string {
  return `${path}.port`;
}

const nothing = async (): Promise<void> => {};

/** Jobs that nobody but makeflow has: their environment is seen by nobody else, and they end with makeflow. */
export const JOBS_OF_MAKEFLOW = {
  enter: [],
  give: (_directory, variables) => ({ ...variables }),
  clear: nothing,
  withdraw: nothing,
  withdrawJob: nothing,
  isSubmitting: () => false,
} satisfies Partial<BatchSystem>;

/** Workers connect to makeflow. */
export function workQueueSystem({ catalog, project, passwordFile, port, enter = [] }: WorkQueueBatch): BatchSystem {
  return {
    ...JOBS_OF_MAKEFLOW,
    arguments: (path) => [
      ...['-T', 'wq', '-N', project, '-C', catalog, '-Z', portFile(path)],
      // -Z chooses a free port, unless -p follows.
      ...(port === undefined ? [] : ['-p', String(port)]),
      ...(passwordFile === undefined ? [] : ['--password', passwordFile]),
    ],
    enter,
    jobLog: (path) => ({
      path: `${path}.wqlog.tr`,
      read: (lines) => lines.flatMap((line) => parseWorkerLogLine(line) ?? []),
    }),
  };
}
