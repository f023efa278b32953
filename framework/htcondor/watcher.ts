import type { Demand, ProjectDemand } from '../demand/demand.ts';
import { Loop, type NextRound } from '../demand/loop.ts';
import type { Source, SourceContext, SourceType } from '../demand/source.ts';
import { judge } from './job-group.ts';
import { Machines } from './machine.ts';
import { Matching, slowness } from './matching.ts';
import { QueueReader } from './queue-reader.ts';
import type { HTCondorSettings } from './settings.ts';
import type { Slot } from './slots.ts';
import { ToolError, Tools } from './tools.ts';
import { startd } from './worker.ts';

export interface WatchIntervals {
  /** Time between two reads of a pool with waiting jobs or workers of this framework, ms. */
  busyMs: number;
  /** The same for a pool without both, ms: reading an empty queue costs 12 ms of processor time. */
  idleMs: number;
  /** Time between two reads of what rarely changes (list of schedds, negotiator), ms. */
  rareMs: number;
}

export const WATCH_INTERVALS: WatchIntervals = { busyMs: 1000, idleMs: 2000, rareMs: 30_000 };

/** Shortest pause between two reads, however often `poke` is called, ms. */
const PAUSE_MS = 300;
/** A pause is at least this many times as long as the read before it; the longest pause, ms. */
const LOOK_SHARE = 3;
const LONGEST_PAUSE_MS = 10_000;

/** The source for HTCondor. */
export function htcondor(pools: readonly HTCondorSettings[], intervals = WATCH_INTERVALS): SourceType {
  const known = new Map<string, string>();
  const kind = startd((schedd) => known.get(schedd));
  return { kind, open: (context) => new QueueWatcher(pools, intervals, known, context) };
}

/** Watches the queues of the schedds of some pools. Each pool has its own loop. */
class QueueWatcher implements Source {
  readonly #watches: PoolWatch[];
  readonly #context: SourceContext;
  #timer: NodeJS.Immediate | undefined;

  constructor(
    pools: readonly HTCondorSettings[],
    intervals: WatchIntervals,
    collectors: Map<string, string>,
    context: SourceContext,
  ) {
    this.#context = context;
    this.#watches = pools.map((pool) => new PoolWatch(pool, intervals, collectors, context, () => this.#changed()));
  }

  start(): void {
    for (const watch of this.#watches) watch.loop.poke();
  }

  lookAt(manager: string): void {
    for (const watch of this.#watches) if (watch.has(manager)) watch.loop.poke();
  }

  async stop(): Promise<void> {
    clearImmediate(this.#timer);
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  #changed(): void {
    clearImmediate(this.#timer);
    this.#timer = setImmediate(() => this.#context.onDemand(this.#demand));
  }

  get #demand(): Demand {
    const partial = this.#watches.some((watch) => !watch.wasRead);
    return {
      at: this.#context.now(),
      projects: this.#watches.flatMap(({ projects }) => projects),
      problems: this.#watches.flatMap(({ problems }) => problems),
      ...(partial && { partial: true }),
    };
  }
}

/** The data about one schedd. */
interface ScheddState {
  reader: QueueReader;
  projects: ProjectDemand[];
  silentSince?: number;
  problem?: string;
}

class PoolWatch {
  readonly loop: Loop;
  readonly #settings: HTCondorSettings;
  readonly #intervals: WatchIntervals;
  readonly #collectors: Map<string, string>;
  readonly #log: SourceContext['log'];
  readonly #now: SourceContext['now'];
  readonly #onChange: () => void;
  readonly #tools: Tools;
  readonly #machines: Machines;
  readonly #matching = new Matching();
  readonly #schedds = new Map<string, ScheddState>();
  #problem: string | undefined;
  #rareAt = Number.NEGATIVE_INFINITY;
  #periodSeconds = 0;
  #advice: string | undefined;
  #told = '';
  #stopped = false;
  wasRead = false;

  constructor(
    settings: HTCondorSettings,
    intervals: WatchIntervals,
    collectors: Map<string, string>,
    { log, now }: SourceContext,
    onChange: () => void,
  ) {
    this.#settings = settings;
    this.#intervals = intervals;
    this.#collectors = collectors;
    this.#log = log;
    this.#now = now;
    this.#onChange = onChange;
    this.#tools = new Tools(settings);
    this.#machines = new Machines(settings.attributes);
    for (const name of settings.schedds ?? []) this.#follow(name);
    this.loop = new Loop(() => this.#round(), PAUSE_MS);
  }

  get projects(): ProjectDemand[] {
    return [...this.#schedds.values()].flatMap(({ projects }) => projects);
  }

  get problems(): string[] {
    const all = [this.#problem, ...[...this.#schedds.values()].map(({ problem }) => problem)];
    return all.flatMap((problem) => problem ?? []);
  }

  has(manager: string): boolean {
    return this.projects.some((project) => project.manager === manager);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#tools.stop();
    await this.loop.stop();
  }

  #follow(schedd: string): void {
    if (!this.#schedds.has(schedd)) {
      const reader = new QueueReader(this.#tools, schedd, (group) =>
        judge(group, this.#machines.for(group.user), Date.now()),
      );
      this.#schedds.set(schedd, { reader, projects: [] });
    }
    this.#collectors.set(schedd, this.#settings.collector);
  }

  async #round(): Promise<NextRound> {
    const startedAt = performance.now();
    const now = this.#now();
    // Workers before jobs: a job must not be counted as waiting together with the slot that has just taken it.
    let slots: Slot[] | undefined;
    try {
      if (startedAt - this.#rareAt >= this.#intervals.rareMs) await this.#lookRarely(startedAt);
      // Nobody had jobs: the only question is whether there are some now.
      if (this.wasRead && this.projects.length === 0 && this.problems.length === 0 && !(await this.#anyJobs())) {
        return this.#stopped ? 'when poked' : this.#intervals.idleMs;
      }
      slots = await this.#tools.slots();
      this.#problem = undefined;
      this.#machines.learn(slots);
      this.#matching.forget(new Set(slots.map(({ tag }) => tag)));
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      this.#problem = `pool ${this.#settings.collector}: ${error.message}`;
    }
    if (this.#stopped) return 'when poked';
    await Promise.all([...this.#schedds].map(([schedd, known]) => this.#lookAt(schedd, known, slots, now)));
    if (this.#stopped) return 'when poked';
    this.wasRead = true;
    this.#tell();
    const busy = this.projects.some(
      ({ tasksWaiting, tasksOnWorkers, workers }) => tasksWaiting + tasksOnWorkers + (workers?.length ?? 0) > 0,
    );
    const took = performance.now() - startedAt;
    const { busyMs, idleMs } = this.#intervals;
    return Math.max(busy ? busyMs : idleMs, Math.min(took * LOOK_SHARE, LONGEST_PAUSE_MS));
  }

  async #anyJobs(): Promise<boolean> {
    let found = false;
    const note = () => {
      found = true;
    };
    await Promise.all([...this.#schedds.keys()].map((schedd) => this.#tools.eachGroup(schedd, '', note)));
    return found;
  }

  async #lookRarely(startedAt: number): Promise<void> {
    const { schedds } = this.#settings;
    if (!schedds) for (const name of await this.#tools.schedds()) this.#follow(name);
    const negotiators = await this.#tools.negotiators();
    this.#periodSeconds = Math.max(0, ...negotiators.map(({ periodSeconds }) => periodSeconds));
    const advice = slowness(negotiators);
    if (advice !== undefined && advice !== this.#advice) {
      this.#log.warn({ collector: this.#settings.collector }, advice);
    }
    this.#advice = advice;
    this.#rareAt = startedAt;
  }

  /** @param slots of the whole pool; undefined: the collector does not answer */
  async #lookAt(schedd: string, known: ScheddState, slots: readonly Slot[] | undefined, now: number): Promise<void> {
    const { reader } = known;
    try {
      if (!slots) throw new ToolError('its collector does not answer');
      const queue = await reader.read();
      const own = slots.filter((slot) => slot.schedd === schedd);
      const projects = queue.demand(schedd, own, now);
      this.#schedds.set(schedd, { reader, projects: this.#complete(schedd, projects, own, known.projects) });
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      this.#matching.silent(schedd);
      const silentSince = known.silentSince ?? now;
      const projects = known.projects.map((project) => (project.silentSince ? project : { ...project, silentSince }));
      const problem = `schedd ${schedd}: ${error.message}`;
      this.#schedds.set(schedd, { reader, projects, silentSince, problem });
    }
  }

  /** Adds what the pool does with our workers. @param slots ours for this schedd @param before the last demand */
  #complete(
    schedd: string,
    projects: readonly ProjectDemand[],
    slots: readonly Slot[],
    before: readonly ProjectDemand[],
  ): ProjectDemand[] {
    const now = this.#now();
    const waits = new Map(projects.map(({ name, waiting }) => [name, waiting.length > 0]));
    this.#matching.note(slots, (user) => waits.get(user) ?? false, this.#periodSeconds, now);
    return projects.map((project) => {
      const closed = this.#matching.closed(project.name, schedd, now);
      const whole = { ...project, ...(closed && { closed }), ...(this.#advice && { advice: this.#advice }) };
      const same = before.find(({ manager }) => manager === project.manager);
      return same && isSame(same, whole) ? same : whole;
    });
  }

  #tell(): void {
    const problems = this.problems.join('\n');
    if (problems !== this.#told) {
      if (problems !== '') this.#log.warn({ collector: this.#settings.collector }, problems);
      else this.#log.info({ collector: this.#settings.collector }, 'all schedds answer again');
      this.#told = problems;
    }
    this.#onChange();
  }
}

/** Whether nothing has changed except the time. */
function isSame(a: ProjectDemand, b: ProjectDemand): boolean {
  return JSON.stringify({ ...a, asOf: 0 }) === JSON.stringify({ ...b, asOf: 0 });
}
