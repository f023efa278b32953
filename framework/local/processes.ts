import { setTimeout as sleep } from 'node:timers/promises';
import { type Container, homesOf, lookAround, Owners, type Process } from './process-look.ts';

/** Tasks that are to be terminated within this time share a look, ms. */
const TOGETHER_MS = 20;
/** After a look, the next one waits this many times as long as the look took: with many processes, looks would take all the time. */
const LOOK_SHARE = 2;
/** Pause between two looks, while killed processes disappear. */
const PAUSE_MS = 5;
/** A process that is still there this long after SIGKILL is stuck in the kernel: nobody can end it. */
const PATIENCE_MS = 10_000;

/**
 * Kills the processes that live in a directory of sandboxes whose agent is gone.
 * @param directory without links in its path
 * @returns pids that survived: they are stuck in the kernel, or belong to another user
 */
export async function endProcessesIn(directory: string): Promise<number[]> {
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(PAUSE_MS)) {
    const homes = new Map([[directory, directory]]);
    const pids = lookAround().flatMap((candidate) => (homesOf(candidate, homes).length > 0 ? candidate.pid : []));
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
  done: (survivors: number[]) => void;
}

/**
 * Kills tasks: it looks for their processes and kills them, until none is left, even if they fork fast. Tasks that end together
 * share the looks, because a look costs about a millisecond per hundred processes.
 */
export class ProcessKiller {
  readonly #living = new Set<Container>();
  readonly #dying = new Map<Container, PendingKill>();
  readonly #asked = new Set<Container>();
  #looking = false;
  /** When the next look may begin, on the monotonic clock. */
  #nextLookAt = 0;

  /**
   * The first process of a task has started. Until it ends, what is in its session belongs to this task and to no other one. So looks
   * for the processes of others pass over it: with 5,000 tasks, one look at everything would block this program for half a second.
   */
  started(container: Container): void {
    this.#living.add(container);
  }

  /** The first process of a task has ended, and another program may get its pid. */
  ended(container: Container): void {
    this.#living.delete(container);
  }

  /** Sends SIGTERM to every process of a task, soon. */
  terminate(container: Container): void {
    this.#asked.add(container);
    if (this.#asked.size > 1) return;
    setTimeout(() => this.#terminateAll(), Math.max(TOGETHER_MS, this.#pauseMs));
  }

  #terminateAll(): void {
    const begin = performance.now();
    const all = this.#look();
    const owners = new Owners(this.#asked);
    for (const candidate of all) if (owners.bySign(candidate).length > 0) signalOne(candidate.pid, 'SIGTERM');
    this.#asked.clear();
    this.#rest(begin);
  }

  get #pauseMs(): number {
    return Math.max(0, this.#nextLookAt - performance.now());
  }

  #look(): Process[] {
    const isOther = (one: Container) => !this.#dying.has(one) && !this.#asked.has(one);
    return lookAround(new Set([...this.#living].flatMap((one) => (isOther(one) ? (one.session ?? []) : []))));
  }

  /** Sets the pause after a look. @param begin when it began, on the monotonic clock */
  #rest(begin: number): void {
    const end = performance.now();
    this.#nextLookAt = end + LOOK_SHARE * (end - begin);
  }

  /** @returns pids that survived: they are stuck in the kernel, or belong to another user */
  destroy(container: Container): Promise<number[]> {
    const known = this.#dying.get(container);
    if (known) return known.survivors;
    let done: PendingKill['done'] = () => {};
    const survivors = new Promise<number[]>((resolve) => {
      done = resolve;
    });
    this.#dying.set(container, { until: performance.now() + PATIENCE_MS, survivors, done });
    if (!this.#looking) void this.#work();
    return survivors;
  }

  async #work(): Promise<void> {
    this.#looking = true;
    // One look serves all tasks that end until then.
    await sleep(this.#pauseMs);
    while (this.#dying.size > 0) {
      const begin = performance.now();
      const all = this.#look();
      const found = new Map<Container, Set<number>>();
      const owners = new Owners(this.#dying.keys());
      for (const candidate of all) {
        const mine = [...owners.bySign(candidate), ...owners.byHome(candidate)];
        for (const one of mine) found.set(one, (found.get(one) ?? new Set()).add(candidate.pid));
        if (mine.length > 0) signalOne(candidate.pid, 'SIGKILL');
      }
      for (const [container, { until, done }] of this.#dying) {
        const pids = [...(found.get(container) ?? [])];
        if (pids.length > 0 && performance.now() < until) continue;
        this.#dying.delete(container);
        done(pids);
      }
      this.#rest(begin);
      if (this.#dying.size > 0) await sleep(Math.max(PAUSE_MS, this.#pauseMs));
    }
    this.#looking = false;
  }
}
