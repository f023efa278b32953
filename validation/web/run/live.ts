import { batch, signal } from '@preact/signals';
import type { EventMessage, RunDetail, StepPage, StepSummary } from '../../server/api.ts';
import { apiPath } from '../routes.ts';
import { getJson, ServerError } from '../state/server.ts';
import { keepOpen } from '../state/socket.ts';
import { applyToStep } from './apply-event.ts';

/** The number of steps of each request. */
const PAGE = 20_000;
/** Sums and details are requested again after events. The shortest time between two requests, ms. */
const REFRESH = { detail: 1000, steps: 15_000 };

/** The run on the page: the server's answer, and all events since then. */
export class LiveRun {
  readonly id: string;
  readonly detail = signal<RunDetail | undefined>(undefined);
  readonly error = signal<ServerError | undefined>(undefined);
  /** All steps, in the order of the plan; absent until they are requested. */
  readonly steps = signal<readonly StepSummary[] | undefined>(undefined);
  /** Counts the changes of the run. When it changes, drawings of the server are requested again. */
  readonly turn = signal(0);
  #index = new Map<string, number>();
  #steps: StepSummary[] = [];
  #wantsSteps = false;
  #offset = 0;
  #frame = 0;
  #detailTimer: ReturnType<typeof setTimeout> | undefined;
  #stepsTimer: ReturnType<typeof setTimeout> | undefined;
  #socket: { close: () => void } | undefined;
  #abort = new AbortController();

  constructor(id: string) {
    this.id = id;
    void this.#start();
  }

  close(): void {
    this.#abort.abort();
    this.#socket?.close();
    clearTimeout(this.#detailTimer);
    clearTimeout(this.#stepsTimer);
    cancelAnimationFrame(this.#frame);
  }

  /** Loads the steps at the first call, and keeps them up to date from then on. */
  wantSteps(): void {
    if (this.#wantsSteps) return;
    this.#wantsSteps = true;
    void this.#loadSteps();
  }

  reload(): void {
    void this.#loadDetail();
    if (this.#wantsSteps) void this.#loadSteps();
  }

  async #start(): Promise<void> {
    await this.#loadDetail();
    if (this.#abort.signal.aborted) return;
    const { detail } = this;
    if (!detail.value) {
      if (this.error.value?.status !== 404) this.#detailTimer = setTimeout(() => void this.#start(), 2000);
      return;
    }
    this.#offset = detail.value.events;
    let opened = 0;
    this.#socket = keepOpen<EventMessage>(() => apiPath(['events'], { run: this.id, offset: this.#offset }), {
      // Requests that failed while the server was away can succeed now.
      onOpen: () => opened++ > 0 && this.reload(),
      onMessage: (message) => this.#receive(message),
    });
  }

  #receive(message: EventMessage): void {
    if (message.type === 'run' && message.run.id === this.id) {
      const { value } = this.detail;
      const ended = value?.ended === undefined && message.run.ended !== undefined;
      if (value) this.detail.value = { ...value, ...message.run };
      if (ended) this.reload();
      this.#soon();
    } else if (message.type === 'event') {
      this.#offset = message.offset;
      const { event } = message;
      if ((event.type === 'planned' || event.type === 'repeated') && this.#wantsSteps) void this.#loadSteps();
      if ('step' in event) {
        const at = this.#index.get(event.step);
        const step = at === undefined ? undefined : this.#steps[at];
        if (at !== undefined && step) this.#steps[at] = applyToStep(step, event);
        this.#draw();
      }
      if (event.type === 'ended') this.reload();
      this.#soon();
    }
  }

  /** Many events cause one drawing, because a table may have 10,000 steps. */
  #draw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#wantsSteps) this.steps.value = [...this.#steps];
    });
  }

  #soon(): void {
    this.#detailTimer ??= setTimeout(() => {
      this.#detailTimer = undefined;
      void this.#loadDetail();
    }, REFRESH.detail);
    if (this.#wantsSteps) {
      this.#stepsTimer ??= setTimeout(() => {
        this.#stepsTimer = undefined;
        void this.#loadSteps();
      }, REFRESH.steps);
    }
  }

  async #loadDetail(): Promise<void> {
    try {
      const detail = await getJson<RunDetail>(apiPath(['runs', this.id]), this.#abort.signal);
      batch(() => {
        this.detail.value = detail;
        this.error.value = undefined;
        this.turn.value++;
      });
    } catch (error) {
      if (!this.#abort.signal.aborted)
        this.error.value = error instanceof ServerError ? error : new ServerError(0, String(error));
    }
  }

  async #loadSteps(): Promise<void> {
    try {
      const steps: StepSummary[] = [];
      for (;;) {
        const path = apiPath(['runs', this.id, 'steps'], { offset: steps.length || undefined, limit: PAGE });
        const page = await getJson<StepPage>(path, this.#abort.signal);
        steps.push(...page.steps);
        if (page.steps.length === 0 || steps.length >= page.total) break;
      }
      this.#steps = steps;
      this.#index = new Map(steps.map(({ id }, at) => [id, at]));
      batch(() => {
        this.steps.value = [...steps];
        this.error.value = undefined;
      });
    } catch (error) {
      if (!this.#abort.signal.aborted)
        this.error.value = error instanceof ServerError ? error : new ServerError(0, String(error));
    }
  }
}
