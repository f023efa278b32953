import { LogTail } from '../../logs/log-tail.ts';
import type { RunEvent, RunView } from '../../runs/store/events.ts';
import type { RunDir } from '../../runs/store/store.ts';
import { type Progress, plainProgress } from './progress.ts';

/** A line is shown within this, and what its worker takes to send it. */
const LOOK_MS = 100;

/** The last line of a stream, or of the terminal that two of them share. */
interface Line {
  unfinished: boolean;
}

/** A stream of ours on which the command's output is shown. */
class Sink {
  readonly #stream: NodeJS.WriteStream;
  readonly #line: Line;
  #gone = false;

  constructor(stream: NodeJS.WriteStream, line: Line) {
    this.#stream = stream;
    this.#line = line;
    // A reader that has seen enough does not end the command.
    stream.removeAllListeners('error').on('error', () => {
      this.#gone = true;
    });
  }

  /** Waits for a slow reader rather than to hold all for it. */
  async write(chunk: Buffer): Promise<void> {
    if (this.#gone) return;
    this.#line.unfinished = chunk.at(-1) !== 0x0a;
    await new Promise<void>((resolve) => this.#stream.write(chunk, () => resolve()));
  }
}

/**
 * Shows what the one step of a run prints, while it prints it, and on stderr, between its lines, where it runs and how it
 * ends. An attempt that is made again is shown again.
 * @param toStdout false: all that the command prints goes to stderr
 */
export function execProgress(run: RunDir, step: string, toStdout: boolean): Progress {
  const line: Line = { unfinished: false };
  const shared = process.stdout.isTTY && process.stderr.isTTY;
  const err = new Sink(process.stderr, line);
  const out = toStdout ? new Sink(process.stdout, shared ? line : { unfinished: false }) : err;
  const words = plainProgress(process.stderr, Date.now());
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
        if (line.unfinished) process.stderr.write('\n');
        line.unfinished = false;
        words.event(event, view);
        shown = event.type === 'step-running' ? begin(event.attempt) : event.type === 'step-connected' ? shown : [];
      });
    },
    async close() {
      clearInterval(timer);
      later(drain);
      await work;
    },
  };

  function begin(attempt: number) {
    const tail = (file: string) => new LogTail(`${run.attemptDir(step, attempt)}/${file}`);
    return [
      { tail: tail('stdout.log'), sink: out },
      { tail: tail('stderr.log'), sink: err },
    ];
  }
}
