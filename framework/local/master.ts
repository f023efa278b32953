import { realpathSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { guardedServer } from '../http/server.ts';
import type { Codec } from '../mesos/codec.ts';
import type { Call, MasterInfo } from '../mesos/messages.ts';
import { LocalAgent } from './agent.ts';
import { agentServer } from './agent-server.ts';
import { forward, register } from './agents.ts';
import { type Answer, authenticate, json, NOT_FOUND, RefusedRequest, refusal, send } from './answers.ts';
import { AGENT_LABEL } from './container-runtime.ts';
import { HttpEventStream } from './event-stream.ts';
import { Guard } from './guard.ts';
import { type Framework, Memory } from './memory.ts';
import { allocateOffers } from './offers.ts';
import {
  type LocalAgentOptions,
  type LocalMasterOptions,
  type LocalTimings,
  MESOS_VERSION,
  REAL_TIMINGS,
} from './options.ts';
import { ProcessKiller } from './processes.ts';
import { schedulerApi } from './scheduler-api.ts';
import { masterState } from './state.ts';

export type { LocalAgentOptions, LocalMasterOptions, LocalTimings } from './options.ts';

/** A master with its agents, in this process. */
export interface LocalMaster {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Kills every task and closes every connection. Resolves when nothing is left. */
  stop(): Promise<void>;
}

/**
 * Starts an embedded Mesos master with agents for this machine. It implements the scheduler API v1 of Mesos 1.12 on loopback. It
 * runs command tasks as local processes, or in local containers. It stores nothing for the next start.
 * @throws Error when the port is taken, the work directory cannot be made, or containers cannot be run
 */
export async function startLocalMaster(options: LocalMasterOptions): Promise<LocalMaster> {
  const master = new Master(options);
  await master.start();
  return master;
}

/** The default agent: this machine, with a part of its disk. */
function thisMachine(): LocalAgentOptions {
  return { cpus: availableParallelism(), memory: Math.floor(totalmem() / 2 ** 20), disk: 10_000 };
}

/** The master that startLocalMaster starts. The tests' master, which fails on demand, overrides its protected methods. */
export class Master implements LocalMaster {
  readonly agents: readonly LocalAgent[];
  memory: Memory;
  protected readonly options: LocalMasterOptions;
  protected readonly timings: LocalTimings;
  readonly #server: Server;
  readonly #agentServers: Server[];
  readonly #guard: Guard;
  #allocation: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;
  #port = 0;

  constructor(options: LocalMasterOptions) {
    const { agents = [thisMachine()], workDir, log, credentials, timings } = options;
    this.options = options;
    this.timings = { ...REAL_TIMINGS, ...timings };
    this.memory = new Memory(this.timings, log);
    const cluster = this.memory.masterId;
    const shared = { timings: this.timings, killer: new ProcessKiller(), log };
    this.agents = agents.map((agent, index) => new LocalAgent(`${cluster}-S${index}`, agent, workDir, shared));
    this.#agentServers = this.agents.map((agent) => agentServer(agent, credentials));
    this.#guard = new Guard(`MESOS_SLAVE_ID=${cluster}-S`, realpathSync(workDir), {
      program: agents.find(({ containerizer }) => containerizer)?.containerizer,
      labels: this.agents.map(({ id }) => `${AGENT_LABEL}=${id}`),
    });
    this.#server = guardedServer({ listener: (...request) => void this.#serve(...request) });
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  async start(): Promise<void> {
    try {
      this.#port = await listen(this.#server, this.options.port ?? 0);
      for (const [index, server] of this.#agentServers.entries()) {
        const agent = this.agents[index];
        if (agent) agent.port = await listen(server, 0);
      }
      for (const agent of this.agents) await agent.prepare();
    } catch (error) {
      await this.stop();
      throw error;
    }
    for (const agent of this.agents) {
      this.connect(agent);
      register(this.memory, agent.describe());
    }
    this.#allocation = setInterval(() => this.allocate(), this.timings.allocation);
    this.options.log.info({ address: this.address, agents: this.agents.length }, 'embedded master listens');
  }

  connect(agent: LocalAgent): void {
    const { memory } = this;
    agent.connect((frameworkId, status, latest) => forward(memory, frameworkId, status, latest));
  }

  /** Called every second. */
  protected allocate(): void {
    allocateOffers(this.memory);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#allocation);
    await Promise.all([this.#server, ...this.#agentServers].map(close));
    this.memory.close();
    await Promise.all(this.agents.map((agent) => agent.stop()));
    await this.#guard.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    try {
      const answer = await this.answer(request, response, url);
      if (answer) send(response, answer);
    } catch (error) {
      if (error instanceof RefusedRequest) return send(response, error.answer);
      this.options.log.error({ url: request.url, error: (error as Error).stack }, 'request failed');
      if (!response.headersSent) send(response, refusal(500, (error as Error).message));
      else response.destroy();
    }
  }

  /** @returns undefined if an event stream is the answer */
  protected async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<Answer | undefined> {
    const path = url.pathname.replace(/^\/master(?=\/)/, '');
    if (path === '/health') return { status: 200 };
    if (path === '/version') return json({ version: MESOS_VERSION });
    if (path === '/redirect') return { status: 307, headers: { Location: `//${this.address}` } };
    if (path !== '/state' && path !== '/api/v1/scheduler') return NOT_FOUND;
    const forScheduler = path !== '/state';
    const realm = forScheduler ? 'mesos-master-scheduler' : 'mesos-master-readonly';
    const who = authenticate(request, this.options.credentials, realm);
    if ('status' in who) return who;
    if (!forScheduler) return json(masterState(this.memory, this.#port));
    return schedulerApi(request, response, {
      memory: this.memory,
      master: this.#masterInfo(),
      principal: who.principal,
      open: (codec) => this.open(response, codec),
      takeOther: (framework, call) => this.takeOther(framework, call),
    });
  }

  protected open(response: ServerResponse, codec: Codec): HttpEventStream {
    return new HttpEventStream(response, codec);
  }

  /** An accepted call that has no effect here. */
  protected takeOther(_: Framework, { type }: Call): void {
    this.options.log.debug({ type }, 'call accepted, nobody here to take it');
  }

  #masterInfo(): MasterInfo {
    const port = this.#port;
    const address = { hostname: '127.0.0.1', ip: '127.0.0.1', port };
    return {
      id: this.memory.masterId,
      ip: LOOPBACK,
      port,
      pid: `master@${this.address}`,
      hostname: '127.0.0.1',
      version: MESOS_VERSION,
      address,
    };
  }
}

/** MasterInfo.ip: 127.0.0.1 in network order, read as a little-endian integer. */
const LOOPBACK = 0x0100007f;

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
