import type { Line, LogReader, Place } from '../logs/log-reader.ts';
import { align, type Stretch } from './align.ts';
import { CHANGED, CONTEXT, type DiffPart, SHORT } from './answer.ts';
import type { LineKey } from './line-keys.ts';

/** Lines of each side that are aligned together: at first, and at most, where nothing equal was found. */
const WINDOW = 4096;
const LARGEST_WINDOW = 65_536;
/** Characters of each side that are held for that. */
const MOST_CHARACTERS = 16_000_000;
/** An equal stretch of so many lines is where two logs come together again; a shorter one may be there by chance. */
const SOLID = 3;

/** The lines of a log that have been read and not told yet. */
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

  /** A line that is ahead; undefined behind the end. */
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

  /** The keys of so many lines that are ahead, fewer at the end or where the lines are very long. */
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

  /** Of the next line; behind the last one, of the one that would follow. */
  get place(): Place {
    const line = this.peek();
    return line ? { line: line.number, offset: line.offset } : { line: this.#next ?? 1, offset: this.#reader.size };
  }
}

/** Where a comparison has come to in each log. */
export interface Progress {
  a: Place;
  b: Place;
}

/**
 * Compares two logs of any length from where they are read on, part by part. Only some thousands of lines are held at a
 * time: what is moved further than LARGEST_WINDOW lines is told as removed and added.
 * @returns parts in order, without gaps; equal ones may follow each other (see addPart)
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

/** Number of lines that are ahead in both and the same, at most a window of them. */
function sameAhead(a: Side, b: Side): number {
  for (let n = 0; n < WINDOW; n++) {
    const [one, two] = [a.peek(n), b.peek(n)];
    if (!one || !two || (one.text !== two.text && a.key(n) !== b.key(n))) return n;
  }
  return WINDOW;
}

/** The stretches up to where both come together again. */
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
