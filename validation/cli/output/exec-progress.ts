import { LogTail } from '../../logs/log-tail.ts';
import type { RunEvent, RunView } from '../../runs/store/events.ts';
import type { RunDir } from '../../runs/store/store.ts';
import { err, type LogOutput, out, type Terminal } from '../terminal.ts';
import type { Progress } from './progress.ts';

/** A line is shown within this time, plus the time that its worker needs to send it. */
const LOOK_MS = 100;

/** The last line of a stream, or of a terminal with both streams. */
interface Line {
  unfinished: boolean;
}

/** A stream of relval on which the command's output is shown. */
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

  /** Ends an incomplete line, because relval's own text follows. */
  async pause(): Promise<void> {
    if (!this.#gone) await this.#output.end();
  }
}

/**
 * Shows the output of the only step of a run while it runs, and on stderr, between its lines, where it runs and how it
 * ends. The output of a further attempt is shown again.
 * @param toStdout false: all of the command's output goes to stderr
 * @param words the text about the step itself
 */
export function execProgress(run: RunDir, step: string, toStdout: boolean, words: Progress): Progress {
  const line: Line = { unfinished: false };
  const shared = out.isTerminal && err.isTerminal;
  const forErrors = new Sink(err, line);
  const forOutput = toStdout ? new Sink(out, shared ? line : { unfinished: false }) : forErrors;
  let shown: { tail: LogTail; sink: Sink }[] = [];
  // Strictly in order: output from before the end of a step is shown before its end.
  let work: Promise<void> = Promise.resolve();
  const later = (task: () => Promise<void>): void => {
    work = work.then(task);
  };
  const drain = async (): Promise<void> => {
    for (const { tail, sink } of shown) {
      try {
        for await (const { bytes } of tail.read()) await sink.write(bytes);
      } catch (error) {
        // A part of a long log has just been joined with the others: the next read finds it there.
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
