import { LineText } from './line-text.ts';
import { type Bounds, endOfLine, startOfLine } from './lines.ts';
import type { PlainWindow } from './plain.ts';

/** The number of bytes on each side of a match that `matches`, exceptions and messages see of a line. */
export const MARGIN = 4096;

/** The line of the last match. It may be longer than a window. */
export class CurrentLine implements Bounds {
  /** In the current window. */
  from = 0;
  to = 0;
  /** The offset in the file where it begins; at most MARGIN before its first match. */
  private begin = 0;
  /** The offset in the file where it ends; Infinity while its end is not read. */
  private end = -1;
  /** The offset up to which its end was searched. */
  private seen = 0;
  /** The part that was decoded last. */
  private text: LineText | undefined;

  /** Whether the whole line is read. */
  get isComplete(): boolean {
    return this.end !== Number.POSITIVE_INFINITY;
  }

  /** @param offset in the file */
  endsBefore(offset: number): boolean {
    return this.end < offset;
  }

  /** Goes to the next window, where the line may continue. */
  continueIn(window: PlainWindow): void {
    this.text = undefined;
    this.from = window.placeOf(this.begin);
    if (this.isComplete) this.to = window.placeOf(this.end);
    else this.findEnd(window, window.placeOf(this.seen));
  }

  /** Becomes the line of a match. */
  moveTo(window: PlainWindow, start: number): void {
    this.text = undefined;
    this.from = startOfLine(window.bytes, start, start - MARGIN);
    this.begin = window.offsetOf(this.from);
    this.findEnd(window, start);
  }

  /** The line around the match at [start, end). */
  textAround(window: PlainWindow, start: number, end: number): LineText {
    const from = Math.max(this.from, start - MARGIN);
    const to = Math.min(this.to, end + MARGIN);
    if (this.text?.from !== from || this.text.to !== to) this.text = new LineText(window, from, to);
    return this.text;
  }

  private findEnd(window: PlainWindow, from: number): void {
    const { length } = window.bytes;
    this.to = endOfLine(window.bytes, from);
    this.end = this.to === length ? Number.POSITIVE_INFINITY : window.offsetOf(this.to);
    this.seen = window.offsetOf(length);
  }
}
