import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Finding and ending every process of a task, on Linux, without cgroups. A process belongs to a task when it carries
 * the task's mark in its environment (also after making a group or session of its own), when it lives in the session that
 * the task's first process made (also after clearing its environment), or when it lives in the task's sandbox (also after
 * doing both).
 */
export interface Container {
  /** A variable that only this task's processes have, with its value. */
  readonly mark: { name: string; value: string };
  /** Pid of the first process, which leads the session; undefined before it was started. */
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

/** Pause between two looks while killed processes disappear. */
const PAUSE_MS = 5;
/** A process that is killed and still there after this long is stuck in the kernel: nothing more can be done. */
const PATIENCE_MS = 10_000;

/** Ended processes that nobody has waited for are none. */
const isDead = (state: string | undefined): boolean => state === 'Z' || state === 'X';

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, also parentheses and blanks: proc(5).
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

/** Where processes live, asked for once in a look: open files take the longest to look at. */
class Homes {
  readonly #links = new Map<Process, [link: string, target: string][]>();

  /**
   * Whether a process works in a directory, or has a file there open for writing. Not one with a terminal: that is somebody
   * who looks around.
   */
  has(directory: string, candidate: Process): boolean {
    return this.#linksOf(candidate).some(
      // The mode of a link says for what the file is open: proc(5).
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

/** The pids of a task's processes. */
function processesOf(container: Container): number[] {
  return lookAround()
    .filter((candidate) => belongs(container, candidate))
    .map(({ pid }) => pid);
}

/**
 * Kills what lives in a directory of sandboxes whose agent is gone.
 * @param directory without links in its path
 * @returns pids that survived: stuck in the kernel, or not ours to kill
 */
export async function endInhabitants(directory: string): Promise<number[]> {
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
    const homes = new Homes();
    const pids = lookAround().flatMap((candidate) => (homes.has(directory, candidate) ? candidate.pid : []));
    for (const pid of pids) signalOne(pid, 'SIGKILL');
    if (pids.length === 0 || performance.now() > until) return pids;
  }
}

/** Sends a signal to every process of a task. */
export function signalAll(container: Container, signal: NodeJS.Signals): void {
  for (const pid of processesOf(container)) signalOne(pid, signal);
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

/** A task that is being killed. */
interface Sentence {
  /** When the executioner gives up, on the monotonic clock. */
  until: number;
  survivors: Promise<number[]>;
  /** Whether it was looked for once. */
  looked: boolean;
  done: (survivors: number[]) => void;
}

/**
 * Kills tasks: looks and kills until nothing of them is left, however fast they fork. Tasks that end together share
 * the looks, as one costs about a millisecond per hundred processes.
 */
export class Executioner {
  readonly #dying = new Map<Container, Sentence>();
  #looking = false;

  /** @returns pids that survived: stuck in the kernel, or not ours to kill */
  destroy(container: Container): Promise<number[]> {
    const known = this.#dying.get(container);
    if (known) return known.survivors;
    let done: Sentence['done'] = () => {};
    const survivors = new Promise<number[]>((resolve) => {
      done = resolve;
    });
    this.#dying.set(container, { until: performance.now() + PATIENCE_MS, survivors, looked: false, done });
    if (!this.#looking) void this.#work();
    return survivors;
  }

  async #work(): Promise<void> {
    this.#looking = true;
    // All that ends in this turn of the event loop is looked for together.
    await sleep(0);
    while (this.#dying.size > 0) {
      const all = lookAround();
      const homes = new Homes();
      for (const [container, sentence] of this.#dying) {
        const { until, done, looked } = sentence;
        const marked = all.filter((candidate) => belongs(container, candidate));
        // Who has neither mark nor session is looked for at first, because we may be killed before the next look, and when all
        // others are gone.
        const isHome = !looked || marked.length === 0;
        const hidden = isHome ? all.filter((candidate) => homes.has(container.directory, candidate)) : [];
        sentence.looked = true;
        const pids = [...hidden, ...marked].map(({ pid }) => pid);
        for (const pid of pids) signalOne(pid, 'SIGKILL');
        if (pids.length > 0 && performance.now() < until) continue;
        this.#dying.delete(container);
        done(pids);
      }
      if (this.#dying.size > 0) await sleep(PAUSE_MS);
    }
    this.#looking = false;
  }
}
