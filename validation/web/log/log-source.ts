import { signal } from '@preact/signals';
import type { FollowMessage, LogLines as LinesAnswer } from '../../server/api.ts';
import { apiPath } from '../routes.ts';
import { getJson, getText, ServerError } from '../state/server.ts';
import { keepOpen } from '../state/socket.ts';
import { LogLines } from './log-lines.ts';

/** The name of a log. `attempt` absent: the last one. */
export interface LogName {
  run: string;
  step: string;
  attempt: number;
  stream: string;
}

/** The number of lines of each request. */
const PAGE = 400;
/** Pause before the next request for a log that does not exist yet, or whose lines are not counted yet, ms. */
const AGAIN = 700;

export function logPath({ run, step, attempt, stream }: LogName, rest: Record<string, string | number | boolean> = {}) {
  return apiPath(['runs', run, 'steps', step, 'log'], { attempt, stream, ...rest });
}

/**
 * One log of the page. It loads the visible lines and follows the end of the log. `version` grows with each change of the loaded
 * lines.
 */
export class LogSource {
  readonly version = signal(0);
  readonly error = signal<ServerError | undefined>(undefined);
  /** The log is complete. */
  readonly complete = signal(false);
  /** The server has not counted all lines yet, so line numbers are estimates. */
  readonly estimated = signal(false);
  readonly loaded = signal(false);
  readonly lines = new LogLines();
  size = 0;
  /** The part that was left out of a log that is too long, and the line that stands for it. */
  leftOut: LinesAnswer['leftOut'];
  /** The start of the attempt. */
  start: number | undefined;
  #name: LogName;
  #next = 0;
  #seen = { from: 1, to: 1 };
  #asked: { from: number; to: number; abort: AbortController } | undefined;
  #socket: { close: () => void } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;
  #closed = false;
  /** The loaded lines belong to an older form of the log. */
  #stale = false;
  readonly #onRenumbered: () => void;

  /**
   * @param line the first line to show; absent: the end
   * @param onRenumbered called when lines have new numbers, because more was left out, or the complete log arrived
   */
  constructor(name: LogName, line: number | undefined, onRenumbered: () => void) {
    this.#name = name;
    this.#onRenumbered = onRenumbered;
    void this.#open(line);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.close();
    this.#asked?.abort.abort();
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
  }

  /** Whether a line keeps its number. Lines after the part that was left out do not, as long as more may be left out. */
  isNumbered(line: number): boolean {
    return this.complete.value || !this.leftOut || line < this.leftOut.line;
  }

  /** Loads these lines, if needed. */
  ensure(from: number, to: number): void {
    this.#seen = { from, to };
    const missing = this.lines.missing(Math.max(1, from), to);
    if (!missing || !this.loaded.value) return;
    if (this.#asked && missing.from >= this.#asked.from && missing.to <= this.#asked.to) return;
    this.#asked?.abort.abort();
    const middle = Math.floor((missing.from + missing.to) / 2);
    const first = Math.max(1, Math.min(missing.from, middle - PAGE / 2));
    void this.#fetch(first, Math.max(PAGE, missing.to - first + 1));
  }

  async #open(line?: number): Promise<void> {
    try {
      const at = line === undefined ? -PAGE : Math.max(1, line - PAGE / 2);
      const answer = await getJson<LinesAnswer>(logPath(this.#name, { line: at, lines: PAGE }));
      if (this.#closed) return;
      this.error.value = undefined;
      this.#take(answer);
      this.loaded.value = true;
      this.ensure(this.#seen.from, this.#seen.to);
      if (answer.estimated) this.#later(() => this.#open(line));
      else if (!answer.complete) await this.#follow();
    } catch (error) {
      if (this.#closed) return;
      this.error.value = error instanceof ServerError ? error : new ServerError(0, String(error));
      this.#later(() => this.#open(line));
    }
  }

  #later(act: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, AGAIN);
  }

  #take(answer: LinesAnswer): void {
    // Lines that had an estimated number have another number now.
    const afresh = this.#stale || this.estimated.value;
    if (afresh) this.lines.clear();
    this.lines.put(answer.from, answer.lines, answer.times);
    this.start = answer.start;
    this.leftOut = answer.leftOut;
    this.lines.total = afresh || answer.estimated ? answer.total : Math.max(answer.total, this.lines.total);
    this.size = afresh ? answer.size : Math.max(answer.size, this.size);
    if (this.#stale) this.#onRenumbered();
    this.#stale = false;
    this.estimated.value = answer.estimated ?? false;
    this.complete.value = answer.complete;
    this.#changed();
  }

  async #fetch(from: number, count: number): Promise<void> {
    const asked = { from, to: from + count - 1, abort: new AbortController() };
    this.#asked = asked;
    try {
      const path = logPath(this.#name, { line: from, lines: count });
      const answer = await getJson<LinesAnswer>(path, asked.abort.signal);
      // The answer may be older than the followed end of the log, so it must not replace the last line.
      const known = this.lines.get(this.lines.total);
      const total = this.lines.total;
      this.lines.put(answer.from, answer.lines, answer.times);
      if (known !== undefined && this.#socket) this.lines.put(total, [known]);
      this.lines.evict(this.#seen.from, this.#seen.to);
      this.#changed();
    } catch {
      if (!asked.abort.signal.aborted && !this.#closed) this.#later(() => this.ensure(this.#seen.from, this.#seen.to));
    } finally {
      if (this.#asked === asked) this.#asked = undefined;
    }
    // A long answer is cut. The missing lines are requested next.
    if (!this.#asked && !this.#closed && !asked.abort.signal.aborted) this.ensure(this.#seen.from, this.#seen.to);
  }

  /** Follows the log from its current end. The last byte shows whether the last line is complete. */
  async #follow(): Promise<void> {
    const tail = await getJson<LinesAnswer>(logPath(this.#name, { line: -2, lines: 2 }));
    const last = tail.next > 0 ? await getText(logPath(this.#name, { offset: tail.next - 1, limit: 1 })) : '\n';
    if (this.#closed) return;
    this.lines.put(tail.from, tail.lines, tail.times);
    this.lines.total = tail.total;
    this.lines.unfinished = last !== '\n';
    this.#next = tail.next;
    this.size = tail.size;
    this.#changed();
    this.#socket = keepOpen<FollowMessage>(() => this.#followPath(), {
      onMessage: (message) => this.#receive(message),
    });
  }

  #followPath(): string {
    const { run, step, attempt, stream } = this.#name;
    const known = { offset: this.#next, leftOut: this.leftOut?.bytes };
    return apiPath(['runs', run, 'steps', step, 'log', 'follow'], { attempt, stream, ...known });
  }

  #receive(message: FollowMessage): void {
    if (message.type === 'data') {
      // A new connection may send bytes that are already loaded.
      if (message.offset < this.#next) return;
      this.lines.append(message.text, message.times);
      this.#next = message.next;
      this.size = Math.max(this.size, message.next);
      this.lines.evict(this.#seen.from, this.#seen.to);
      this.#changed();
    } else if (message.type === 'end') {
      this.#socket?.close();
      this.#socket = undefined;
      this.size = message.size;
      this.complete.value = true;
      this.#changed();
    } else if (message.type === 'reset') {
      this.#socket?.close();
      this.#socket = undefined;
      // The old form is shown until the new form is loaded.
      this.#stale = true;
      void this.#open();
    }
  }

  /** At most once for each frame, even if much data arrives. A window in the background draws no frames and needs none. */
  #changed(): void {
    if (this.#frame !== 0 || this.#closed) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.version.value++;
    });
  }
}
