import type { Line, LogReader, Place } from '../logs/log-reader.ts';
import { align, type Stretch } from './align.ts';
import { CHANGED, CONTEXT, type DiffPart, SHORT } from './answer.ts';
import type { LineKey } from './line-keys.ts';

/** The number of lines of each side that are aligned at once: at first, and at most. It grows while no equal line is found. */
const WINDOW = 4096;
const LARGEST_WINDOW = 65_536;
/** The largest number of characters of each side in memory. */
const MOST_CHARACTERS = 16_000_000;
/** After a change, two logs are equal again from a block of this many equal lines. A shorter block may be chance. */
const SOLID = 3;

/** The lines of a log that were read but not yet returned. */
class Side {
  readonly #reader: LogReader;
  #lines: Line[] = [];
  #keys: string[] = [];
  #at = 0;
  /** Number of the next line. */
  #next: number | undefined;
  readonly #keyOf: LineKey;

  constructor(reader: LogReader, keyOf: LineKey) {
    this.#reader = reader;
    this.#keyOf = keyOf;
  }

  /** A line after the current one; undefined after the end. */
  peek(ahead = 0): Line | undefined {
    while (this.#at + ahead >= this.#lines.length) {
      const line = this.#reader.read();
      if (!line) return undefined;
      this.#lines.push(line);
    }
    return this.#lines[this.#at + ahead];
  }

  key(ahead: number): string {
    const at = this.#at + ahead;
    this.#keys[at] ??= this.#keyOf((this.#lines[at] as Line).text);
    return this.#keys[at];
  }

  /** The keys of the next `count` lines; fewer at the end of the log, or when lines are very long. */
  keys(count: number): string[] {
    const keys: string[] = [];
    for (let characters = 0; keys.length < count && characters < MOST_CHARACTERS; ) {
      const line = this.peek(keys.length);
      if (!line) break;
      characters += line.text.length;
      keys.push(this.key(keys.length));
    }
    return keys;
  }

  take(count: number): void {
    const { line } = this.place;
    this.#at += count;
    this.#next = line + count;
    if (this.#at < WINDOW) return;
    this.#lines = this.#lines.slice(this.#at);
    this.#keys = this.#keys.slice(this.#at);
    this.#at = 0;
  }

  /** The number of the next line, also after the last one. */
  get place(): Place {
    const line = this.peek();
    return line ? { line: line.number, offset: line.offset } : { line: this.#next ?? 1, offset: this.#reader.size };
  }
}

/** The position of a comparison in each log. */
export interface Progress {
  a: Place;
  b: Place;
}

/**
 * Compares two logs of any length, part by part, from their positions on. It holds only some thousands of lines at a time. So
 * lines that moved further than LARGEST_WINDOW lines count as removed and added.
 * @returns parts in order, without gaps; equal parts may follow one another (see addPart)
 */
export function* compareLogs(
  readerA: LogReader,
  readerB: LogReader,
  keyOf: LineKey,
): Generator<{ part: DiffPart; progress: () => Progress }> {
  const a = new Side(readerA, keyOf);
  const b = new Side(readerB, keyOf);
  const progress = (): Progress => ({ a: a.place, b: b.place });
  for (;;) {
    const same = sameAhead(a, b);
    if (same > 0) yield { part: takePart(a, b, { same: true, a: 0, b: 0, countA: same, countB: same }), progress };
    if (!a.peek() && !b.peek()) return;
    if (same >= WINDOW) continue;
    for (const stretch of differentAhead(a, b)) yield { part: takePart(a, b, stretch), progress };
  }
}

/** How many of the next lines are the same in both logs; at most a window. */
function sameAhead(a: Side, b: Side): number {
  for (let n = 0; n < WINDOW; n++) {
    const [one, two] = [a.peek(n), b.peek(n)];
    if (!one || !two || (one.text !== two.text && a.key(n) !== b.key(n))) return n;
  }
  return WINDOW;
}

/** The blocks up to the place where both logs are equal again. */
function differentAhead(a: Side, b: Side): Stretch[] {
  for (let size = WINDOW; ; size *= 4) {
    const [keysA, keysB] = [a.keys(size), b.keys(size)];
    const stretches = align(keysA, keysB);
    const atEnd = !a.peek(keysA.length) && !b.peek(keysB.length);
    if (atEnd) return stretches;
    const isLast = size >= LARGEST_WINDOW || (keysA.length < size && keysB.length < size);
    const solid = stretches.findLastIndex(({ same, countA }) => same && (countA >= SOLID || isLast));
    if (solid >= 0) return stretches.slice(0, solid + 1);
    if (isLast) return stretches;
  }
}

function takePart(a: Side, b: Side, { same, countA, countB }: Stretch): DiffPart {
  const part: DiffPart = {
    same,
    a: a.place.line,
    b: b.place.line,
    countA,
    countB,
    linesA: textsOf(a, countA, same),
    linesB: textsOf(b, countB, same),
  };
  a.take(countA);
  b.take(countB);
  return part;
}

function textsOf(side: Side, count: number, same: boolean): string[] {
  const texts = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, n) => side.peek(from + n)?.text ?? '');
  if (!same) return texts(0, Math.min(count, CHANGED));
  return count > SHORT ? [...texts(0, CONTEXT), ...texts(count - CONTEXT, count)] : texts(0, count);
}
