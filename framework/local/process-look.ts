import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * The processes of a task, on Linux, without cgroups. A process belongs to a task if it has the task's mark in
 * its environment (even if it made its own group or session), if it is in the session of the task's first process (even if it
 * cleared its environment), or if it lives in the task's sandbox (even if it did both).
 */
export interface Container {
  /** A variable with its value that only this task's processes have. */
  readonly mark: { name: string; value: string };
  /** Pid of the first process, which leads the session; undefined before its start. */
  readonly session: number | undefined;
  /** The sandbox. */
  readonly directory: string;
}

export interface Process {
  pid: number;
  session: number;
  hasTerminal: boolean;
  environment: string;
}

/** Zombies do not count as processes. */
const isDead = (state: string | undefined): boolean => state === 'Z' || state === 'X';

/** One look at all processes of the machine, but for this one and those in the sessions to be spared. */
export function lookAround(spared: ReadonlySet<number> = new Set()): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && !spared.has(pid))
    .flatMap((pid) => readProcess(pid, spared) ?? []);
}

function readProcess(pid: number, spared: ReadonlySet<number>): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may itself contain parentheses and blanks: proc(5).
    const [state, , , session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (isDead(state) || spared.has(Number(session))) return undefined;
    return { pid, session: Number(session), hasTerminal: terminal !== '0', environment: environmentOf(pid) };
  } catch {
    return undefined;
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

/** Tells to which of several tasks a process belongs. It looks this up, because thousands of tasks may end together. */
export class Owners {
  readonly #sessions = new Map<number, Container>();
  readonly #marks = new Map<string, Container>();
  readonly #homes: Map<string, Container>;

  constructor(containers: Iterable<Container>) {
    const all = [...containers];
    for (const one of all) {
      if (one.session !== undefined) this.#sessions.set(one.session, one);
      this.#marks.set(`${one.mark.name}=${one.mark.value}`, one);
    }
    this.#homes = new Map(all.map((one) => [one.directory, one]));
  }

  /** The tasks with its session or its mark. */
  bySign({ session, environment }: Process): Container[] {
    const leader = this.#sessions.get(session);
    const marked = environment.split('\0').flatMap((variable) => this.#marks.get(variable) ?? []);
    return leader ? [leader, ...marked] : marked;
  }

  /** The tasks in whose sandboxes it lives. */
  byHome(candidate: Process): Container[] {
    return homesOf(candidate, this.#homes);
  }
}

/**
 * Those of some directories in which a process lives: its working directory is there, or it has a file there open for writing. A process
 * with a terminal does not count: it belongs to a person who looks at the files.
 * @param directories without links in their paths
 */
export function homesOf<Value>({ pid, hasTerminal }: Process, directories: ReadonlyMap<string, Value>): Value[] {
  if (hasTerminal) return [];
  return linksOf(pid).flatMap(([link, target]) => {
    const found = above(target).flatMap((path) => directories.get(path) ?? []);
    // The mode of the link shows whether the file is open for writing: proc(5).
    return found.length > 0 && (link.endsWith('/cwd') || isWritable(link)) ? found : [];
  });
}

/** A path and all directories above it. */
function above(path: string): string[] {
  const all: string[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) all.push(path.slice(0, end));
  return all;
}

function linksOf(pid: number): [string, string][] {
  try {
    const files = readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
    return [`/proc/${pid}/cwd`, ...files].flatMap((link) => {
      const target = targetOf(link);
      return target === undefined ? [] : [[link, target]];
    });
  } catch {
    return [];
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function isWritable(link: string): boolean {
  try {
    return (lstatSync(link).mode & 0o200) !== 0;
  } catch {
    return false;
  }
}
