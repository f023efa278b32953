import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Finding and ending every process of a task, on Linux, without cgroups. A process belongs to a task when it carries
 * the task's mark in its environment (also after making a group or session of its own), or lives in the session that
 * the task's first process made (also after clearing its environment).
 */
export interface Container {
  /** A variable that only this task's processes have, with its value. */
  readonly mark: { name: string; value: string };
  /** Pid of the first process, which leads the session; undefined before it was started. */
  readonly session: number | undefined;
}

interface Process {
  pid: number;
  session: number;
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
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (isDead(state)) return undefined;
    return { pid, session: Number(session), environment: environmentOf(pid) };
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

/** The pids of a task's processes. */
function processesOf(container: Container): number[] {
  return lookAround()
    .filter((candidate) => belongs(container, candidate))
    .map(({ pid }) => pid);
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
    this.#dying.set(container, { until: performance.now() + PATIENCE_MS, survivors, done });
    if (!this.#looking) void this.#work();
    return survivors;
  }

  async #work(): Promise<void> {
    this.#looking = true;
    // All that ends in this turn of the event loop is looked for together.
    await sleep(0);
    while (this.#dying.size > 0) {
      const all = lookAround();
      for (const [container, { until, done }] of this.#dying) {
        const pids = all.filter((candidate) => belongs(container, candidate)).map(({ pid }) => pid);
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
