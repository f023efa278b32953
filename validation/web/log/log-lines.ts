/** The largest number of lines, and of their characters, in memory: enough to scroll without waiting, and small for a browser. */
const MOST = { lines: 40_000, characters: 12_000_000 };
/** The longest part of an unfinished line that is kept, characters: a progress bar may never end its line. */
const LONGEST = 65_536;

/** The arrival times of lines, from the server. */
type Times = readonly (number | null)[];

/** The loaded lines of a log of any length. Lines count from 1. */
export class LogLines {
  #lines = new Map<number, string>();
  #characters = 0;
  readonly #times = new Map<number, number>();
  /** The number of lines of the whole log. */
  total = 0;
  /** Whether the last line is unfinished. */
  unfinished = false;

  get(line: number): string | undefined {
    return this.#lines.get(line);
  }

  /** The arrival time of a line, ms since 1970, if known. */
  timeOf(line: number): number | undefined {
    return this.#times.get(line);
  }

  /** Whether the arrival time of any line is known. */
  get timed(): boolean {
    return this.#times.size > 0;
  }

  clear(): void {
    this.#lines.clear();
    this.#times.clear();
    this.#characters = 0;
  }

  put(from: number, lines: readonly string[], times: Times = []): void {
    for (const [n, text] of lines.entries()) {
      this.#set(from + n, text);
      this.#came(from + n, times[n]);
    }
  }

  /** Adds text to the end of the log. @param times arrival times of its first character, and of the characters after line feeds */
  append(text: string, times: Times = []): void {
    const pieces = text.split('\n');
    const last = pieces.pop() ?? '';
    const add = (piece: string, time: number | null | undefined, ended: boolean): void => {
      const line = ended ? piece.replace(/\r$/, '') : piece;
      if (this.unfinished) {
        const before = this.#lines.get(this.total);
        // If the beginning of the line was dropped, the line is read again when it becomes visible.
        if (before !== undefined) this.#set(this.total, (before + line).slice(0, LONGEST));
      } else {
        this.#set(++this.total, line.slice(0, LONGEST));
        this.#came(this.total, time);
      }
      this.unfinished = !ended;
    };
    for (const [n, piece] of pieces.entries()) add(piece, times[n], true);
    if (last !== '') add(last, times[pieces.length], false);
  }

  /** The range of lines that are not loaded; none if all are loaded. */
  missing(from: number, to: number): { from: number; to: number } | undefined {
    let first = from;
    while (first <= to && this.#lines.has(first)) first++;
    let last = Math.min(to, this.total);
    while (last >= first && this.#lines.has(last)) last--;
    return last < first ? undefined : { from: first, to: last };
  }

  /** Drops lines that are far from the visible ones. */
  evict(from: number, to: number): void {
    if (this.#lines.size <= MOST.lines && this.#characters <= MOST.characters) return;
    const share = Math.min(MOST.lines / this.#lines.size, MOST.characters / this.#characters);
    const distance = (line: number): number => Math.max(from - line, line - to, 0);
    const far = [...this.#lines.keys()].sort((a, b) => distance(a) - distance(b));
    for (const line of far.slice(Math.floor(far.length * share * 0.7))) {
      if (line === this.total) continue;
      this.#characters -= this.#lines.get(line)?.length ?? 0;
      this.#lines.delete(line);
      this.#times.delete(line);
    }
  }

  #came(line: number, time: number | null | undefined): void {
    if (typeof time === 'number') this.#times.set(line, time);
  }

  #set(line: number, text: string): void {
    this.#characters += text.length - (this.#lines.get(line)?.length ?? 0);
    this.#lines.set(line, text);
  }
}
