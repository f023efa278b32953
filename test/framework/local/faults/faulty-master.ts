import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, refusal } from '../../../../framework/local/answers.ts';
import { type LocalMaster, Master } from '../../../../framework/local/master.ts';
import { type Framework, Memory } from '../../../../framework/local/memory.ts';
import type { LocalMasterOptions } from '../../../../framework/local/options.ts';
import type { Codec } from '../../../../framework/mesos/codec.ts';
import type { Call } from '../../../../framework/mesos/messages.ts';
import { FaultyStream, faultsOf, type LocalFaults, type Switches } from './faults.ts';
import { Maintenance } from './maintenance.ts';

/** The embedded master with its faults. */
export async function startFaultyMaster(options: LocalMasterOptions): Promise<LocalMaster & { faults: LocalFaults }> {
  const master = new FaultyMaster(options);
  await master.start();
  return master;
}

/** Answers of a master without a leader, and of an authenticator or a proxy that refuses the framework. */
const REFUSALS: Record<401 | 403 | 503, Answer> = {
  401: {
    status: 401,
    headers: { 'WWW-Authenticate': 'Basic realm="mesos-master-scheduler"' },
    body: '401 Unauthorized.',
  },
  403: refusal(403, 'Framework is not subscribed'),
  503: refusal(503, 'No leader elected'),
};

/** The embedded master for tests: it can lose agents, forget everything, refuse frameworks, and be slow. */
export class FaultyMaster extends Master {
  readonly switches: Switches = { delay: 0, heartbeatsStopped: false, refuse: undefined, leader: undefined };
  readonly streams = new Set<FaultyStream>();
  readonly maintenance = new Maintenance();
  readonly faults = faultsOf(this);

  /** Starts again with an empty memory, and without agents. */
  forget(): void {
    this.memory.close();
    this.memory = new Memory(this.timings, this.options.log);
  }

  protected override allocate(): void {
    super.allocate();
    this.maintenance.offer(this.memory);
  }

  protected override async answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
  ): Promise<Answer | undefined> {
    const { delay, leader, refuse } = this.switches;
    if (delay > 0) await sleep(delay);
    if (request.socket.destroyed) return undefined;
    const path = url.pathname.replace(/^\/master(?=\/)/, '');
    const isScheduler = path === '/api/v1/scheduler';
    if (leader !== undefined && path === '/redirect') return redirect(leader, '');
    if (leader !== undefined && (isScheduler || path === '/state')) return redirect(leader, `/master${path}`);
    if (refuse !== undefined && isScheduler) return REFUSALS[refuse];
    return super.answer(request, response, url);
  }

  protected override open(response: ServerResponse, codec: Codec): FaultyStream {
    const stream = new FaultyStream(response, codec, this.switches);
    this.streams.add(stream);
    response.on('close', () => this.streams.delete(stream));
    return stream;
  }

  protected override takeOther(framework: Framework, call: Call): void {
    const answer = call.accept_inverse_offers ?? call.decline_inverse_offers;
    const ids = (answer?.inverse_offer_ids ?? []).map(({ value }) => value);
    this.maintenance.answer(this.memory, framework, ids, answer?.filters?.refuse_seconds);
  }
}

/** The form of Mesos: without a scheme. */
const redirect = (leader: string, path: string): Answer => ({
  status: 307,
  headers: { Location: `//${leader}${path}` },
});
