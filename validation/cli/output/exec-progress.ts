import { LogTail } from '../../logs/log-tail.ts';
import type { RunEvent, RunView } from '../../runs/store/events.ts';
import type { RunDir } from '../../runs/store/store.ts';
import { err, type LogOutput, out, type Terminal } from '../terminal.ts';
import type { Progress } from './progress.ts';

/** A line is shown within this, and what its worker takes to send it. */
const LOOK_MS = 100;

/** The last line of a stream, or of the terminal that two of them share. */
interface Line {
  unfinished: boolean;
}

/** A stream of ours on which the command's output is shown. */
class Sink {
  readonly #output: LogOutput;
  readonly #line: Line;
  #gone = false;

  constructor(terminal: Terminal, line: Line) {
    this.#output = terminal.log(false);
    this.#line = line;
    terminal.onGone(() => {
      this.#gone = true;
    });
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.#gone) return;
    this.#line.unfinished = chunk.at(-1) !== 0x0a;
    await this.#output.write(chunk);
  }

  /** Words of our own follow. */
  async pause(): Promise<void> {
    if (!this.#gone) await this.#output.end();
  }
}

/**
 * Shows what the one step of a run prints, while it prints it, and on stderr, between its lines, where it runs and how it
 * ends. An attempt that is made again is shown again.
 * @param toStdout false: all that the command prints goes to stderr
 * @param words what is said of the step itself
 */
export function execProgress(run: RunDir, step: string, toStdout: boolean, words: Progress): Progress {
  const line: Line = { unfinished: false };
  const shared = out.isTerminal && err.isTerminal;
  const forErrors = new Sink(err, line);
  const forOutput = toStdout ? new Sink(out, shared ? line : { unfinished: false }) : forErrors;
  let shown: { tail: LogTail; sink: Sink }[] = [];
  // One thing after the other: what was printed before a step has ended is shown before it is said that it has.
  let work: Promise<void> = Promise.resolve();
  const later = (task: () => Promise<void>): void => {
    work = work.then(task);
  };
  const drain = async (): Promise<void> => {
    for (const { tail, sink } of shown) {
      try {
        for await (const { bytes } of tail.read()) await sink.write(bytes);
      } catch (error) {
        // A part of a long log was put together with the others just now: the next look finds it there.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    }
  };
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    later(async () => {
      await drain();
      looking = false;
    });
  }, LOOK_MS);
  return {
    event(event: RunEvent, view: RunView) {
      if (!('step' in event) || event.step !== step) return;
      later(async () => {
        await drain();
        await forOutput.pause();
        await forErrors.pause();
        if (line.unfinished) err.endLine();
        line.unfinished = false;
        words.event(event, view);
        shown = event.type === 'step-running' ? begin(event.attempt) : event.type === 'step-connected' ? shown : [];
      });
    },
    async close() {
      clearInterval(timer);
      later(drain);
      later(() => forOutput.pause());
      later(() => forErrors.pause());
      await work;
    },
  };

  function begin(attempt: number) {
    const tail = (file: string) => new LogTail(`${run.attemptDir(step, attempt)}/${file}`);
    return [
      { tail: tail('stdout.log'), sink: forOutput },
      { tail: tail('stderr.log'), sink: forErrors },
    ];
  }
}
