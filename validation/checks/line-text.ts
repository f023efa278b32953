import { type Detail, detailOf } from './details.ts';
import { outline } from './fingerprint.ts';
import { type Bounds, linesBehind } from './lines.ts';
import type { PlainWindow } from './plain.ts';

/** The text that the lines behind a line add to its message, and these lines as offsets in the file. */
interface DetailBehind {
  text: string;
  lines: Bounds[];
}

/** A cheap test first, because reading the lines behind is the most expensive part of the scan. */
const MAY_HAVE_DETAIL = /Traceback|Exception|terminate/;

/** A line of a window, or the part of a long line around a match. It is decoded once for all its matches. */
export class LineText implements Bounds {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  private readonly window: PlainWindow;
  private behind: { detail: DetailBehind | undefined } | undefined;
  private shape: string | undefined;

  constructor(window: PlainWindow, from: number, to: number) {
    this.window = window;
    this.from = from;
    this.to = to;
    this.text = window.bytes.toString('utf8', from, to);
  }

  /** The index in the text of a place in the window. */
  indexOf(place: number): number {
    const isAscii = this.text.length === this.to - this.from;
    return isAscii ? place - this.from : this.window.bytes.toString('utf8', this.from, place).length;
  }

  get mayHaveDetail(): boolean {
    return MAY_HAVE_DETAIL.test(this.text);
  }

  get detail(): DetailBehind | undefined {
    this.behind ??= { detail: this.mayHaveDetail ? this.findDetail() : undefined };
    return this.behind.detail;
  }

  /** Lines with the same skeleton have the same kind. */
  get skeleton(): string {
    this.shape ??= outline(this.detail ? `${this.text}\n${this.detail.text}` : this.text);
    return this.shape;
  }

  private findDetail(): DetailBehind | undefined {
    const behind = linesBehind(this.window.bytes, this);
    const detail: Detail | undefined = detailOf(
      this.text,
      behind.map((one) => one.text),
    );
    if (!detail) return undefined;
    const lines = detail.lines.flatMap((index) => {
      const one = behind[index];
      return one ? [{ from: this.window.offsetOf(one.from), to: this.window.offsetOf(one.to) }] : [];
    });
    return { text: detail.text, lines };
  }
}
