import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ChunkLines, type LogLine, LogTail, lastLinesOffset } from '../../logs/log-tail.ts';
import { type TimedLine, withTimes } from '../../logs/log-times.ts';
import { EventReader } from '../../runs/store/event-log.ts';
import { applyEvent, emptyView, type RunEvent, type RunView } from '../../runs/store/events.ts';
import { isLive, statusOf } from '../../runs/store/record.ts';
import type { RunDir } from '../../runs/store/store.ts';

/** A line of a running step is shown within this time, plus the time that its worker needs to send it. */
const LOOK_MS = 100;
/** run.json is read in every tenth check. */
const RECORD_EVERY = 10;

export interface FollowLogs {
  /** The step to follow; default: all running steps. */
  step?: string | undefined;
  /** Only this attempt. */
  attempt?: number | undefined;
  /** Path in the attempt's directory. */
  file: string;
  /** Begin with this many of the existing last lines. */
  tail?: number | undefined;
  /** Gets the bytes of one step as they arrive. */
  onChunk?: ((chunk: Buffer) => Promise<void>) | undefined;
  /** Gets lines, if there is no onChunk. */
  onLine: (line: TimedLine, step: string) => Promise<void>;
  /** Whether lines have the times at which they arrived. */
  times: boolean;
  /** Gets sentences about the steps that are followed. */
  onNote: (note: string) => void;
}

interface Open {
  attempt: number;
  path: string;
  tail: LogTail;
  lines: ChunkLines;
}

/** Follows logs from one attempt to the next until the step, or the run, has ended. */
export async function followLogs(run: RunDir, options: FollowLogs): Promise<void> {
  await new LogFollowing(run, options).untilEnd();
}

class LogFollowing {
  readonly #run: RunDir;
  readonly #options: FollowLogs;
  readonly #view: RunView = emptyView();
  readonly #open = new Map<string, Open>();
  readonly #events: EventReader;

  constructor(run: RunDir, options: FollowLogs) {
    this.#run = run;
    this.#options = options;
    this.#events = new EventReader(run.eventsFile);
  }

  async untilEnd(): Promise<void> {
    for (const event of this.#events.read()) applyEvent(this.#view, event);
    const { step } = this.#options;
    const begun = step === undefined ? this.#view.running : [step];
    for (const id of begun) {
      const attempt = this.#options.attempt ?? this.#view.steps.get(id)?.attempt ?? 0;
      if (attempt > 0) await this.#begin(id, attempt, this.#options.tail);
    }
    if (this.#waits()) this.#options.onNote(`${step} waits for a worker`);
    for (let looks = 0; ; looks++) {
      const over = looks % RECORD_EVERY === 0 && !this.#underWay();
      for (const event of this.#events.read()) {
        applyEvent(this.#view, event);
        if ('step' in event && (step === undefined || event.step === step)) await this.#take(event);
      }
      for (const [id, open] of this.#open) await this.#drain(id, open);
      if (over || this.#ended()) break;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    for (const id of [...this.#open.keys()]) await this.#end(id);
  }

  async #take(event: RunEvent & { step: string }): Promise<void> {
    const { step } = event;
    const { onNote, attempt: wanted } = this.#options;
    switch (event.type) {
      case 'step-running':
        if (wanted !== undefined && wanted !== event.attempt) return;
        if (event.attempt > 1 || this.#options.step === undefined) {
          onNote(`${step}, attempt ${event.attempt}, runs on ${event.worker}`);
        }
        await this.#begin(step, event.attempt);
        break;
      case 'step-requeued':
      case 'step-ended': {
        await this.#end(step);
        const how = event.type === 'step-ended' ? event.state : 'lost';
        onNote(`${step}, attempt ${event.attempt}, ${how}${event.message ? `: ${event.message}` : ''}`);
        break;
      }
    }
  }

  async #begin(step: string, attempt: number, tail?: number): Promise<void> {
    if (this.#open.get(step)?.attempt === attempt) return;
    await this.#end(step);
    const path = join(this.#run.attemptDir(step, attempt), this.#options.file);
    const offset = tail !== undefined && existsSync(path) ? await lastLinesOffset(path, tail) : 0;
    this.#open.set(step, { attempt, path, tail: new LogTail(path, offset), lines: new ChunkLines() });
  }

  async #drain(step: string, open: Open): Promise<void> {
    const { onChunk } = this.#options;
    for await (const chunk of open.tail.read()) {
      if (onChunk) await onChunk(chunk.bytes);
      else await this.#show(step, open, open.lines.push(chunk));
    }
  }

  async #show(step: string, { path }: Open, lines: readonly LogLine[]): Promise<void> {
    const timed = this.#options.times ? await withTimes(path, lines) : lines.map((line) => ({ ...line, time: null }));
    for (const line of timed) await this.#options.onLine(line, step);
  }

  async #end(step: string): Promise<void> {
    const open = this.#open.get(step);
    if (!open) return;
    await this.#drain(step, open);
    await this.#show(step, open, open.lines.end());
    this.#open.delete(step);
  }

  #waits(): boolean {
    const state = this.#state();
    return state === 'waiting' || state === 'submitted';
  }

  #state() {
    return this.#options.step === undefined ? undefined : this.#view.steps.get(this.#options.step)?.state;
  }

  /** Whether the log of the step that is followed is complete. */
  #ended(): boolean {
    const { step, attempt } = this.#options;
    if (step === undefined) return false;
    const last = this.#view.steps.get(step);
    if (!last) return true;
    if (attempt !== undefined && (last.attempt > attempt || last.state === 'submitted')) return true;
    return last.state !== 'running' && !this.#waits();
  }

  #underWay(): boolean {
    return isLive(statusOf(this.#run.readRecord(), this.#run.path));
  }
}
