import { Agent, request } from 'undici';
import type { Codec } from '../../framework/mesos/codec.ts';
import { jsonCodec, protobufCodec } from '../../framework/mesos/codec.ts';
import type { Call, CallType, Event, FrameworkInfo, Offer, TaskStatus } from '../../framework/mesos/messages.ts';
import { RecordIODecoder } from '../../framework/mesos/recordio.ts';

/** The capabilities that a framework of today has. */
export const ALL_CAPABILITIES = ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE', 'TASK_KILLING_STATE'];

/** Long enough for the slowest thing that a busy real master does; nothing waits for it in vain. */
const PATIENCE_MS = 60_000;

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** One request, whose connection is not kept. */
export async function send(
  url: string,
  options: { method?: 'GET' | 'POST'; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const dispatcher = new Agent({ pipelining: 0 });
  try {
    const { method = 'GET', headers = {}, body = null } = options;
    const answer = await request(url, { method, headers, body, dispatcher });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  } finally {
    await dispatcher.close();
  }
}

/** `framework_info` of a test: all capabilities, role `*`, a minute to come back. */
export function frameworkInfo(overrides: Partial<FrameworkInfo> = {}): FrameworkInfo {
  return {
    user: process.env.USER ?? 'root',
    name: 'conformance',
    roles: ['*'],
    failover_timeout: 60,
    checkpoint: true,
    capabilities: ALL_CAPABILITIES.map((type) => ({ type })),
    ...overrides,
  };
}

export interface SubscribeOptions {
  info?: FrameworkInfo;
  suppressedRoles?: string[];
  codec?: Codec;
  headers?: Record<string, string>;
  /** Acknowledges every update that asks for it, as it comes (default true). */
  acknowledge?: boolean;
}

/** A framework of the suite's own: nothing is hidden, nothing is repaired. */
export class RawFramework {
  readonly events: Event[] = [];
  /** Milliseconds since the request left, for each event. */
  readonly times: number[] = [];
  status = 0;
  headers: Record<string, string | string[] | undefined> = {};
  /** The stream is over: 'ended' in order, 'broken' without its last chunk. */
  closed: 'ended' | 'broken' | undefined;
  readonly #master: string;
  readonly #codec: Codec;
  readonly #extraHeaders: Record<string, string>;
  readonly #connection = new Agent({ pipelining: 0, bodyTimeout: 0, headersTimeout: PATIENCE_MS });
  readonly #calls = new Agent({ pipelining: 1, connections: 1 });
  readonly #acknowledges: boolean;
  #wake: (() => void)[] = [];
  #taken = 0;

  private constructor(master: string, options: SubscribeOptions) {
    this.#master = master;
    this.#codec = options.codec ?? jsonCodec;
    this.#extraHeaders = options.headers ?? {};
    this.#acknowledges = options.acknowledge ?? true;
  }

  /** Sends SUBSCRIBE to `master` (`http://host:port`) and resolves when the answer's head is there. */
  static async subscribe(master: string, options: SubscribeOptions = {}): Promise<RawFramework> {
    const framework = new RawFramework(master, options);
    const info = options.info ?? frameworkInfo();
    const call: Call = {
      type: 'SUBSCRIBE',
      subscribe: {
        framework_info: info,
        ...(options.suppressedRoles ? { suppressed_roles: options.suppressedRoles } : {}),
      },
      ...(info.id ? { framework_id: info.id } : {}),
    };
    await framework.#open(call);
    return framework;
  }

  async #open(call: Call): Promise<void> {
    const start = performance.now();
    const { contentType } = this.#codec;
    const answer = await request(`${this.#master}/api/v1/scheduler`, {
      method: 'POST',
      headers: { 'content-type': contentType, accept: contentType, ...this.#extraHeaders },
      body: this.#codec.encodeCall(call),
      dispatcher: this.#connection,
    });
    this.status = answer.statusCode;
    this.headers = answer.headers;
    const decoder = new RecordIODecoder();
    const read = async () => {
      for await (const chunk of answer.body) {
        for (const record of decoder.push(chunk as Buffer)) this.#take(this.#codec.decodeEvent(record), start);
      }
    };
    read().then(
      () => this.#end('ended'),
      () => this.#end('broken'),
    );
  }

  #take(event: Event, start: number): void {
    this.events.push(event);
    this.times.push(performance.now() - start);
    const status = event.update?.status;
    if (this.#acknowledges && status?.uuid) void this.acknowledge(status).catch(() => undefined);
    this.#wakeAll();
  }

  #end(how: 'ended' | 'broken'): void {
    this.closed = how;
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }

  /** The id given in SUBSCRIBED. */
  get id(): string {
    const subscribed = this.events.find((event) => event.subscribed)?.subscribed;
    if (!subscribed) throw new Error(`not subscribed: ${JSON.stringify(this.events)}`);
    return subscribed.framework_id.value;
  }

  get streamId(): string {
    return String(this.headers['mesos-stream-id']);
  }

  /** Resolves with what `find` finds, looking again after every event. */
  async until<T>(what: string, find: () => T | undefined | false, patience = PATIENCE_MS): Promise<T> {
    const deadline = performance.now() + patience;
    for (;;) {
      const found = find();
      if (found !== undefined && found !== false) return found;
      const left = deadline - performance.now();
      if (left <= 0 || this.closed) {
        const seen = this.events.map((event) => event.update?.status.state ?? event.type).join(' ');
        throw new Error(`${what}: did not come${this.closed ? `, the stream is ${this.closed}` : ''}; seen: ${seen}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** The next event of this kind that no earlier call has taken. */
  async next(type: string, patience = PATIENCE_MS): Promise<Event> {
    return this.until(
      `the next ${type}`,
      () => {
        const at = this.events.findIndex((event, index) => index >= this.#taken && event.type === type);
        if (at < 0) return undefined;
        this.#taken = at + 1;
        return this.events[at];
      },
      patience,
    );
  }

  /** Forgets the events so far: `next`, `offers` and `update` look at later ones only. */
  mark(): void {
    this.#taken = this.events.length;
  }

  /** The offers of all OFFERS events from the mark on, once there are some. */
  async offers(patience = PATIENCE_MS): Promise<Offer[]> {
    return this.until(
      'OFFERS',
      () => {
        const offers = this.events.slice(this.#taken).flatMap((event) => event.offers?.offers ?? []);
        return offers.length > 0 ? offers : undefined;
      },
      patience,
    );
  }

  /** The statuses of a task from the mark on, in the order of their coming. */
  statuses(taskId: string): TaskStatus[] {
    return this.events
      .slice(this.#taken)
      .flatMap((event) => event.update?.status ?? [])
      .filter((status) => status.task_id.value === taskId);
  }

  /** The first status of the task, from the mark on, in one of these states. */
  async update(taskId: string, ...states: string[]): Promise<TaskStatus> {
    return this.until(`${taskId} ${states.join('|')}`, () =>
      this.statuses(taskId).find((status) => states.includes(status.state)),
    );
  }

  /** Any call but SUBSCRIBE, on the connection for calls. */
  async call(type: CallType, body: Partial<Call> = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await request(`${this.#master}/api/v1/scheduler`, {
      method: 'POST',
      headers: {
        'content-type': this.#codec.contentType,
        'mesos-stream-id': this.streamId,
        ...this.#extraHeaders,
        ...headers,
      },
      body: this.#codec.encodeCall({ type, framework_id: { value: this.id }, ...body }),
      dispatcher: this.#calls,
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  async acknowledge(status: TaskStatus): Promise<Answer> {
    const { agent_id, task_id, uuid } = status;
    if (!agent_id || !uuid) throw new Error(`${task_id.value} ${status.state} needs no acknowledgement`);
    return this.call('ACKNOWLEDGE', { acknowledge: { agent_id, task_id, uuid } });
  }

  /** Breaks the connection of the stream, as a framework that dies does. */
  async drop(): Promise<void> {
    await this.#connection.destroy();
  }

  /** TEARDOWN where it still helps, then all connections closed. */
  async close(): Promise<void> {
    if (!this.closed && this.events.some((event) => event.subscribed)) {
      await this.call('TEARDOWN').catch(() => undefined);
    }
    await Promise.all([this.#connection.destroy(), this.#calls.destroy()]);
  }
}

export const CODECS: readonly (readonly [string, Codec])[] = [
  ['JSON', jsonCodec],
  ['protobuf', protobufCodec],
];
