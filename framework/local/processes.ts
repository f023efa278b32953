import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Finds and ends every process of a task, on Linux, without cgroups. A process belongs to a task if it has the task's mark in
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

interface Process {
  pid: number;
  session: number;
  hasTerminal: boolean;
  environment: Buffer;
}

/** Tasks that are to be terminated within this time share a look, ms. */
const TOGETHER_MS = 20;
/** After a look, the next one waits this many times as long as the look took: with many processes, looks would take all the time. */
const LOOK_SHARE = 2;
/** Pause between two looks, while killed processes disappear. */
const PAUSE_MS = 5;
/** A process that is still there this long after SIGKILL is stuck in the kernel: nobody can end it. */
const PATIENCE_MS = 10_000;

/** Zombies do not count as processes. */
const isDead = (state: string | undefined): boolean => state === 'Z' || state === 'X';

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may itself contain parentheses and blanks: proc(5).
    const [state, , , session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (isDead(state)) return undefined;
    return { pid, session: Number(session), hasTerminal: terminal !== '0', environment: environmentOf(pid) };
  } catch {
    return undefined;
  }
}

function environmentOf(pid: number): Buffer {
  try {
    return readFileSync(`/proc/${pid}/environ`);
  } catch {
    return Buffer.alloc(0);
  }
}

/** One look at all processes of the machine. */
function lookAround(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid)
    .flatMap((pid) => readProcess(pid) ?? []);
}

function belongs(container: Container, candidate: Process): boolean {
  if (candidate.session === container.session) return true;
  const { environment } = candidate;
  const variable = `${container.mark.name}=${container.mark.value}\0`;
  const at = environment.indexOf(variable);
  return at === 0 || (at > 0 && environment[at - 1] === 0);
}

/** The directories in which processes live. They are read once in a look, because reading open files takes longest. */
class Homes {
  readonly #links = new Map<Process, [link: string, target: string][]>();

  /**
   * Whether the working directory of a process is in a directory, or the process has a file there open for writing. A process with
   * a terminal does not count: it belongs to a person who looks at the files.
   */
  has(directory: string, candidate: Process): boolean {
    return this.#linksOf(candidate).some(
      // The mode of the link shows whether the file is open for writing: proc(5).
      ([link, target]) => isInside(directory, target) && (link.endsWith('/cwd') || isWritable(link)),
    );
  }

  #linksOf(candidate: Process): [string, string][] {
    const known = this.#links.get(candidate);
    if (known) return known;
    const links = candidate.hasTerminal ? [] : linksOf(candidate.pid);
    this.#links.set(candidate, links);
    return links;
  }
}

const isInside = (directory: string, path: string): boolean => path === directory || path.startsWith(`${directory}/`);

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

/**
 * Kills the processes that live in a directory of sandboxes whose agent is gone.
 * @param directory without links in its path
 * @returns pids that survived: they are stuck in the kernel, or belong to another user
 */
export async function endProcessesIn(directory: string): Promise<number[]> {
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
    const homes = new Homes();
    const pids = lookAround().flatMap((candidate) => (homes.has(directory, candidate) ? candidate.pid : []));
    for (const pid of pids) signalOne(pid, 'SIGKILL');
    if (pids.length === 0 || performance.now() > until) return pids;
  }
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process ended between the look and the signal.
  }
}

/** A task that is being killed. */
interface PendingKill {
  /** When the attempt to kill it ends, on the monotonic clock. */
  until: number;
  survivors: Promise<number[]>;
  /** Whether a look for its processes has been made. */
  looked: boolean;
  done: (survivors: number[]) => void;
}

/**
 * Kills tasks: it looks for their processes and kills them, until none is left, even if they fork fast. Tasks that end together
 * share the looks, because a look costs about a millisecond per hundred processes.
 */
export class ProcessKiller {
  readonly #dying = new Map<Container, PendingKill>();
  readonly #asked = new Set<Container>();
  #looking = false;
  /** When the next look may begin, on the monotonic clock. */
  #nextLookAt = 0;

  /** Sends SIGTERM to every process of a task, soon. */
  terminate(container: Container): void {
    this.#asked.add(container);
    if (this.#asked.size > 1) return;
    setTimeout(() => this.#terminateAll(), Math.max(TOGETHER_MS, this.#pauseMs));
  }

  #terminateAll(): void {
    const all = this.#look();
    for (const one of this.#asked) {
      for (const candidate of all) if (belongs(one, candidate)) signalOne(candidate.pid, 'SIGTERM');
    }
    this.#asked.clear();
  }

  get #pauseMs(): number {
    return Math.max(0, this.#nextLookAt - performance.now());
  }

  #look(): Process[] {
    const before = performance.now();
    const all = lookAround();
    const after = performance.now();
    this.#nextLookAt = after + LOOK_SHARE * (after - before);
    return all;
  }

  /** @returns pids that survived: they are stuck in the kernel, or belong to another user */
  destroy(container: Container): Promise<number[]> {
    const known = this.#dying.get(container);
    if (known) return known.survivors;
    let done: PendingKill['done'] = () => {};
    const survivors = new Promise<number[]>((resolve) => {
      done = resolve;
    });
    this.#dying.set(container, { until: performance.now() + PATIENCE_MS, survivors, looked: false, done });
    if (!this.#looking) void this.#work();
    return survivors;
  }

  async #work(): Promise<void> {
    this.#looking = true;
    // One look serves all tasks that end until then.
    await sleep(this.#pauseMs);
    while (this.#dying.size > 0) {
      const all = this.#look();
      const homes = new Homes();
      for (const [container, sentence] of this.#dying) {
        const { until, done, looked } = sentence;
        const marked = all.filter((candidate) => belongs(container, candidate));
        // Processes with neither mark nor session are looked for at the first look, because this program may be killed before the
        // next one, and again when all others are gone.
        const isHome = !looked || marked.length === 0;
        const hidden = isHome ? all.filter((candidate) => homes.has(container.directory, candidate)) : [];
        sentence.looked = true;
        const pids = [...hidden, ...marked].map(({ pid }) => pid);
        for (const pid of pids) signalOne(pid, 'SIGKILL');
        if (pids.length > 0 && performance.now() < until) continue;
        this.#dying.delete(container);
        done(pids);
      }
      if (this.#dying.size > 0) await sleep(Math.max(PAUSE_MS, this.#pauseMs));
    }
    this.#looking = false;
  }
}
