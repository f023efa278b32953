import type { ServerResponse } from 'node:http';
import type { LocalAgent } from '../../../../framework/local/agent.ts';
import { HttpEventStream } from '../../../../framework/local/event-stream.ts';
import { nanoseconds } from '../../../../framework/local/memory.ts';
import { allocateOffers, rescind } from '../../../../framework/local/offers.ts';
import type { Codec } from '../../../../framework/mesos/codec.ts';
import type { Event } from '../../../../framework/mesos/messages.ts';
import { markGone, markUnreachable, registerAgain } from './agents.ts';
import type { FaultyMaster } from './faulty-master.ts';

/** Faults that stay until they are switched off. */
export interface Switches {
  /** Milliseconds by which answers and events are delayed. */
  delay: number;
  heartbeatsStopped: boolean;
  /** The answer to every request of the scheduler API. */
  refuse: 401 | 403 | 503 | undefined;
  /** `host:port` of another master, the leader: all requests are redirected to it. */
  leader: string | undefined;
}

/** Faults on demand. Agents are named by their index in the options. */
export interface LocalFaults {
  /** Breaks the connections of all event streams. */
  dropStreams(): void;
  /** Delays answers and events by this number of milliseconds, until the next call. */
  delay(milliseconds: number): void;
  stopHeartbeats(stopped: boolean): void;
  /** Refuses every call with this status, until it is called with `undefined`. */
  refuse(status: 401 | 403 | 503 | undefined): void;
  /** Redirects (307) to another master, `host:port`, until it is called with `undefined`. */
  redirectTo(leader: string | undefined): void;
  /** Withdraws all offers, with RESCIND. The next allocation offers the same resources again. */
  rescindOffers(): void;
  /** The agent stops answering, and is declared unreachable at once. Its tasks continue to run. */
  loseAgent(index: number): void;
  /** The lost agent registers again. */
  returnAgent(index: number): void;
  /** The operator declares the agent gone for ever. Resolves when its tasks are dead. */
  markAgentGone(index: number): Promise<void>;
  /** Plans a maintenance that begins in `startsIn` milliseconds. With undefined it cancels the maintenance. */
  planMaintenance(index: number, startsIn: number | undefined): void;
  /**
   * The master dies, and another one starts at once on the same port. It knows no frameworks, and only the agents of its
   * registry: none with 'empty'; with 'kept' it waits for them silently. They return after this number of milliseconds.
   */
  restart(registry: 'empty' | 'kept', agentsReturnAfter: number): void;
}

/** An event stream that can be delayed, lose its heartbeats, and break. */
export class FaultyStream extends HttpEventStream {
  readonly #broken: ServerResponse;
  readonly #switches: Switches;
  #heldUntil = 0;

  constructor(response: ServerResponse, codec: Codec, switches: Switches) {
    super(response, codec);
    this.#broken = response;
    this.#switches = switches;
  }

  override send(event: Event): void {
    if (event.type === 'HEARTBEAT' && this.#switches.heartbeatsStopped) return;
    this.#inOrder(() => super.send(event));
  }

  override end(): void {
    this.#inOrder(() => super.end());
  }

  /** Breaks the connection without the last chunk, like a master that dies. */
  cut(): void {
    this.#broken.destroy();
  }

  /** Delayed events stay in order, also when the delay becomes shorter. */
  #inOrder(action: () => void): void {
    const now = performance.now();
    this.#heldUntil = Math.max(this.#heldUntil, now + this.#switches.delay);
    if (this.#heldUntil <= now) action();
    else setTimeout(action, this.#heldUntil - now);
  }
}

/** How long a planned maintenance lasts: an hour. */
const MAINTENANCE_MS = 3_600_000;

export function faultsOf(master: FaultyMaster): LocalFaults {
  const lost = new Set<LocalAgent>();
  const agentAt = (index: number): LocalAgent => {
    const agent = master.agents[index];
    if (!agent) throw new RangeError(`no agent ${index}: the master has ${master.agents.length}`);
    return agent;
  };
  const cutAll = () => {
    for (const stream of master.streams) stream.cut();
  };
  return {
    dropStreams: cutAll,
    delay: (milliseconds) => {
      master.switches.delay = milliseconds;
    },
    stopHeartbeats: (stopped) => {
      master.switches.heartbeatsStopped = stopped;
    },
    refuse: (status) => {
      master.switches.refuse = status;
    },
    redirectTo: (leader) => {
      master.switches.leader = leader;
    },
    rescindOffers: () => rescind(master.memory, () => true),
    loseAgent: (index) => {
      const agent = agentAt(index);
      lost.add(agent);
      agent.connect(undefined);
      markUnreachable(master.memory, agent.id);
      master.maintenance.withdraw(master.memory, agent.id);
      allocateOffers(master.memory);
    },
    returnAgent: (index) => {
      const agent = agentAt(index);
      lost.delete(agent);
      master.connect(agent);
      registerAgain(master.memory, agent);
    },
    markAgentGone: async (index) => {
      const agent = agentAt(index);
      lost.add(agent);
      agent.connect(undefined);
      markGone(master.memory, agent.id);
      master.maintenance.withdraw(master.memory, agent.id);
      await agent.stop();
    },
    planMaintenance: (index, startsIn) => {
      const start = startsIn === undefined ? undefined : { nanoseconds: nanoseconds(Date.now() + startsIn) };
      const duration = { nanoseconds: nanoseconds(MAINTENANCE_MS) };
      master.maintenance.plan(master.memory, agentAt(index).id, start && { start, duration });
    },
    restart: (registry, agentsReturnAfter) => {
      const known = [...master.memory.agents.values()];
      cutAll();
      master.forget();
      const { memory } = master;
      for (const agent of master.agents) agent.connect(undefined);
      if (registry === 'kept') {
        for (const entry of known) {
          const standing = entry.standing === 'active' ? 'recovering' : entry.standing;
          memory.agents.set(entry.id, { ...entry, standing, free: [] });
        }
      }
      setTimeout(() => {
        if (master.memory !== memory) return;
        for (const agent of master.agents) {
          if (lost.has(agent)) continue;
          master.connect(agent);
          registerAgain(memory, agent);
        }
      }, agentsReturnAfter).unref();
    },
  };
}
