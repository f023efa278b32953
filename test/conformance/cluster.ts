import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { LocalAgentOptions, LocalMasterOptions } from '../../framework/local/options.ts';
import type { Offer, TaskInfo } from '../../framework/mesos/messages.ts';
import type { LocalFaults } from '../framework/local/faults/faults.ts';
import { startFaultyMaster } from '../framework/local/faults/faulty-master.ts';
import { frameworkInfo, RawFramework, type SubscribeOptions } from './client.ts';

/** `host:port` of a real master that the suite is to run against; without it, it runs against the embedded one. */
const REAL_MASTER = process.env.MESOS_MASTER;

/** For `it.skipIf`: such tests say in their names what a real master cannot give them. */
export const isReal = REAL_MASTER !== undefined && REAL_MASTER !== '';

const QUIET = { debug() {}, info() {}, warn: console.warn, error: console.error };

/** Three machines that differ, as a small cluster has them; more than this machine has, as nothing here needs it. */
const AGENTS: LocalAgentOptions[] = [
  { hostname: 'one', cpus: 8, memory: 16_384, disk: 20_000, attributes: { rack: 'r1', speed: 2.4 } },
  { hostname: 'two', cpus: 4, memory: 8192, disk: 20_000, attributes: { rack: 'r2' }, ports: [31_000, 31_999] },
  { hostname: 'three', cpus: 2, memory: 4096, disk: 1000 },
];

/** Other test files, in other processes, wait until this one is through with the real master. */
const LOCK_PATIENCE_MS = 900_000;

export interface Cluster {
  /** `http://host:port` of the master. */
  readonly url: string;
  /** Only with the embedded master. */
  readonly faults: LocalFaults;
  /** Subscribes a framework that is torn down when the test ends, whatever happens. */
  subscribe(options?: SubscribeOptions): Promise<RawFramework>;
}

/** Gives the tests of a file one master: the real one for them alone, or an embedded one of their own. */
export function useCluster(options: Partial<LocalMasterOptions> = {}): Cluster {
  const frameworks: RawFramework[] = [];
  let lock: Server | undefined;
  let embedded: Awaited<ReturnType<typeof startFaultyMaster>> | undefined;
  let workDir = '';
  beforeAll(async () => {
    if (REAL_MASTER) lock = await lockMaster(REAL_MASTER);
    else {
      workDir = mkdtempSync(join(tmpdir(), 'conformance-'));
      embedded = await startFaultyMaster({ workDir, agents: AGENTS, log: QUIET, credentials: undefined, ...options });
    }
  }, LOCK_PATIENCE_MS);
  afterEach(async () => {
    await Promise.all(frameworks.splice(0).map((framework) => framework.close()));
  });
  afterAll(async () => {
    await embedded?.stop();
    lock?.close();
    if (workDir) rmSync(workDir, { recursive: true, force: true });
  });
  const url = () => embedded?.url ?? `http://${REAL_MASTER}`;
  return {
    get url() {
      return url();
    },
    get faults() {
      if (!embedded) throw new Error('a real master has no fault switches: skip this test there');
      return embedded.faults;
    },
    async subscribe(subscription) {
      const framework = await RawFramework.subscribe(url(), subscription);
      frameworks.push(framework);
      return framework;
    },
  };
}

/** A name in Linux' abstract socket space: it is free again the moment its holder ends. */
async function lockMaster(master: string): Promise<Server> {
  for (;;) {
    const server = createServer();
    const taken = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(true));
      server.listen(`\0conformance-${master}`, () => resolve(false));
    });
    if (!taken) return server;
    await sleep(200);
  }
}

export interface TaskOptions extends Partial<Omit<TaskInfo, 'command' | 'agent_id' | 'task_id'>> {
  command?: TaskInfo['command'] | string;
  agentId?: string;
}

/** A command task for an offer: a tenth of a core and 32 MB, unless told otherwise. */
export function task(offer: Offer, id: string, { command = 'true', agentId, ...rest }: TaskOptions = {}): TaskInfo {
  return {
    name: id,
    task_id: { value: id },
    agent_id: { value: agentId ?? offer.agent_id.value },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ],
    command: typeof command === 'string' ? { value: command } : command,
    ...rest,
  };
}

/** Uses up offers for tasks. What is left over comes back with the next allocation. */
export async function launch(framework: RawFramework, offers: readonly Offer[], tasks: TaskInfo[], refuseSeconds = 0) {
  const answer = await framework.call('ACCEPT', {
    accept: {
      offer_ids: offers.map((offer) => offer.id),
      operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
      filters: { refuse_seconds: refuseSeconds },
    },
  });
  if (answer.status !== 202) throw new Error(`ACCEPT: ${answer.status} ${answer.text}`);
}

/** The first offer of a framework with room for a few small tasks. */
export async function firstOffer(framework: RawFramework): Promise<Offer> {
  const offers = await framework.offers();
  const offer = offers.find((candidate) => amount(candidate, 'cpus') >= 1 && amount(candidate, 'mem') >= 256);
  if (!offer) throw new Error(`no offer has a core and 256 MB: ${JSON.stringify(offers)}`);
  return offer;
}

/** Sum of a scalar in an offer. */
export function amount(offer: Offer, name: string): number {
  const parts = (offer.resources ?? []).filter((resource) => resource.name === name);
  return parts.reduce((sum, resource) => sum + (resource.scalar?.value ?? 0), 0);
}

/** Task ids must not be used twice, also not by another run against the same master. */
let counter = 0;
export const newId = (prefix: string): string => `${prefix}-${process.pid}-${Date.now().toString(36)}-${counter++}`;

/** Every refusal of the suite asks for a framework that can come back within the minute. */
export const identified = (id: string, overrides = {}) => frameworkInfo({ id: { value: id }, ...overrides });
