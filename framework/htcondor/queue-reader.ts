import { Queue, UserJobs } from './demand-of.ts';
import type { JobGroup, Verdict } from './job-group.ts';
import { ToolError, type Tools } from './tools.ts';

/** A user with more jobs than this is read apart. A schedd takes a tenth of a second to count so many. */
const MANY = 5000;
/** The pause between two reads of such a user: so many times as long as the read, but not longer than this, ms. */
const SHARE = 3;
const LONGEST_PAUSE_MS = 30_000;
/** Names that may be in a constraint. */
const NAME = /^[\w.+@-]+$/;

interface Heavy {
  jobs: UserJobs;
  isBeingRead: boolean;
  /** By `performance.now()`. */
  nextAt: number;
}

/**
 * Reads the queue of one schedd. A schedd takes 20 s and more for the jobs of a user with 100,000 different ones. So such users
 * are read apart and less often, and the jobs of others are seen meanwhile.
 */
export class QueueReader {
  readonly #heavy = new Map<string, Heavy>();
  readonly #tools: Tools;
  readonly #schedd: string;
  readonly #verdict: (group: JobGroup) => Verdict;

  constructor(tools: Tools, schedd: string, verdict: (group: JobGroup) => Verdict) {
    this.#tools = tools;
    this.#schedd = schedd;
    this.#verdict = verdict;
  }

  /** @throws ToolError */
  async read(): Promise<Queue> {
    const startedAt = performance.now();
    // One of these may turn out to have few jobs meanwhile. The others are read without it all the same.
    const apart = [...this.#heavy];
    for (const [user, heavy] of apart) {
      if (!heavy.isBeingRead && startedAt >= heavy.nextAt) void this.#readHeavy(user, heavy, startedAt);
    }
    const queue = new Queue(this.#verdict);
    const others = apart.map(([user]) => `User =!= "${user}"`).join(' && ');
    await this.#tools.eachGroup(this.#schedd, others, (group) => queue.add(group));
    for (const [user, jobs] of queue.users) {
      if (jobs.count > MANY && NAME.test(user))
        this.#heavy.set(user, { jobs, isBeingRead: false, nextAt: nextAfter(startedAt) });
    }
    for (const [user, { jobs }] of apart) queue.users.set(user, jobs);
    return queue;
  }

  /** When the schedd does not answer, the read of the others says so. */
  async #readHeavy(user: string, heavy: Heavy, startedAt: number): Promise<void> {
    heavy.isBeingRead = true;
    const queue = new Queue(this.#verdict);
    try {
      await this.#tools.eachGroup(this.#schedd, `User =?= "${user}"`, (group) => queue.add(group));
      heavy.jobs = queue.users.get(user) ?? new UserJobs();
      if (heavy.jobs.count <= MANY) this.#heavy.delete(user);
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
    }
    heavy.isBeingRead = false;
    heavy.nextAt = nextAfter(startedAt);
  }
}

function nextAfter(startedAt: number): number {
  const now = performance.now();
  return now + Math.min((now - startedAt) * SHARE, LONGEST_PAUSE_MS);
}
