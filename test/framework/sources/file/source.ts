import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ProjectDemand, SeenWorker, Shape } from '../../../../framework/demand/demand.ts';
import type { SourceContext, SourceType } from '../../../../framework/demand/source.ts';
import type { WorkerKind } from '../../../../framework/demand/worker-kind.ts';

const LOOK_MS = 50;
const SHAPE: Shape = { cores: 1, memory: 32, disk: 32 };

/** What the file says of a project: how many tasks there are, and how many that run nowhere, with the reason. */
interface Wanted {
  tasks: number;
  unmet?: { count: number; reason: string };
}

/**
 * The smallest source of demand: a JSON file says how many tasks each project has (`{"alpha": {"tasks": 3}}`). A worker
 * is a `sleep` that notes its process under its id, and has a task as long as the file wants so many.
 */
export function fileSource(path: string): SourceType {
  const folder = join(dirname(path), 'workers');
  const kind: WorkerKind = {
    source: 'file',
    title: 'Sleeper',
    workerCommand: 'sleep',
    killGraceSeconds: 1,
    connectSeconds: 60,
    handOutSeconds: 60,
    changesManager: true,
    earlyEnd: 'before it noted its process',
    tasksAtOnce: ({ cores }, need) => (cores >= (need.cores ?? 1) ? 1 : 0),
    obstacle: () => undefined,
    launch: ({ workerCommand }, { id }, { name }) => ({
      command: `mkdir -p "$NOTES" && echo $$ > "$NOTES/${id}" && exec ${workerCommand} 600`,
      environment: { NOTES: join(folder, name) },
    }),
  };
  return { kind, open: (context) => open(path, folder, context) };
}

function open(path: string, folder: string, { onDemand }: SourceContext) {
  let timer: NodeJS.Timeout | undefined;
  let said = '';
  const look = (): void => {
    const wanted = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Wanted>;
    const projects = Object.entries(wanted).map(([name, one]) => projectOf(name, one, seenIn(join(folder, name))));
    const saying = JSON.stringify(projects);
    if (saying === said) return;
    said = saying;
    onDemand({ at: Date.now(), projects, problems: [] });
  };
  return {
    start: () => {
      timer = setInterval(look, LOOK_MS);
    },
    lookAt: look,
    stop: async () => clearInterval(timer),
  };
}

function projectOf(name: string, { tasks, unmet }: Wanted, tags: string[]): ProjectDemand {
  const onWorkers = Math.min(tasks, tags.length);
  const waiting = tasks - onWorkers;
  const workers = tags.map((tag, index): SeenWorker => {
    return { tag, hostname: 'localhost', shape: SHAPE, tasksRunning: index < onWorkers ? 1 : 0 };
  });
  return {
    ...{ source: 'file', manager: `file:${name}`, name, owner: 'tester', startedAt: 0, asOf: 0 },
    tasksWaiting: waiting + (unmet?.count ?? 0),
    tasksOnWorkers: onWorkers,
    waiting: waiting > 0 ? [{ category: 'default', count: waiting, ...SHAPE }] : [],
    running: [],
    workers,
    ...(unmet && { unmet: [{ category: 'default', ...unmet }] }),
  };
}

/** The ids of those whose process lives. */
function seenIn(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  const pidOf = (id: string): string => readFileSync(join(folder, id), 'utf8').trim();
  return readdirSync(folder)
    .sort()
    .filter((id) => pidOf(id) !== '' && existsSync(`/proc/${pidOf(id)}`));
}
