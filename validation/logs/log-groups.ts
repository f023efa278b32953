/** Lines of a log that belong together, and are mostly skipped by its readers. */
export interface LogGroup {
  /** `trace`: commands that a shell shows (`set -x`); `repeated`: lines that differ only in numbers; `banner`: a framed text. */
  kind: 'trace' | 'repeated' | 'banner';
  /** First and last line, from 1. */
  from: number;
  to: number;
}

/** Lines that a group has at least: of fewer nothing is gained. */
const LEAST = { trace: 4, repeated: 5, banner: 4 } as const;
/** A frame that is not closed within so many lines is none. */
const LONGEST_BANNER = 60;
/** A line that is drawn: `******`, `------`, `| ====== |`. */
const FRAME = /^\s*[|*]?\s*([*=\-#_+])\1{9,}\s*[|*]?\s*$/;
/** A line between two frames: it begins and ends with the same character. */
const FRAMED = /^\s*([*|#])(?:.*\1)?\s*$/;

/** Finds groups in the lines of a log, which are given one after another. */
export class LogGroups {
  #run: (LogGroup & { key: string }) | undefined;
  /** First line of a frame that is open. */
  #frame: number | undefined;

  /** @returns the group that has ended before this line, or with it */
  push(number: number, text: string): LogGroup | undefined {
    if (this.#frame !== undefined) return this.#inFrame(number, text);
    if (FRAME.test(text)) {
      this.#frame = number;
      return this.end();
    }
    const kind = /^\++ /.test(text) ? 'trace' : 'repeated';
    const key = kind === 'trace' ? '' : shapeOf(text);
    const run = this.#run;
    if (run?.kind === kind && run.key === key) {
      run.to = number;
      return undefined;
    }
    const ended = this.end();
    this.#run = { kind, key, from: number, to: number };
    return ended;
  }

  /** The group that ends with the last line. */
  end(): LogGroup | undefined {
    const run = this.#run;
    this.#run = undefined;
    return run && run.to - run.from + 1 >= LEAST[run.kind] ? { kind: run.kind, from: run.from, to: run.to } : undefined;
  }

  #inFrame(number: number, text: string): LogGroup | undefined {
    const from = this.#frame as number;
    if (FRAME.test(text)) {
      this.#frame = undefined;
      return number - from + 1 >= LEAST.banner ? { kind: 'banner', from, to: number } : undefined;
    }
    if (FRAMED.test(text) && number - from < LONGEST_BANNER) return undefined;
    // It was no banner: the frame is a line that separates.
    this.#frame = undefined;
    return this.push(number, text);
  }
}

/** What lines have in common that differ only in numbers and addresses. */
function shapeOf(text: string): string {
  return text.replace(/[\da-fA-F]*\d[\da-fA-F.:]*/g, '0');
}
