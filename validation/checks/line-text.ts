import { detailOf } from './details.ts';
import { outline } from './fingerprint.ts';
import { type Bounds, linesBehind } from './lines.ts';
import type { PlainWindow } from './plain.ts';

/** The text that the lines behind a line add to its message, and these lines as offsets in the file. */
interface DetailBehind {
  text: string;
  lines: Bounds[];
}

/** A cheap test first, because reading the lines behind is expensive. */
const MAY_HAVE_DETAIL = /Traceback|Exception|terminate/;

/** A line of a window, or the part of a long line around a match. It is decoded once for all its matches. */
export class LineText implements Bounds {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  private readonly window: PlainWindow;
  private mayHave: boolean | undefined;
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

  /** Whether the lines behind it may add to its message. */
  get mayHaveDetail(): boolean {
    this.mayHave ??= MAY_HAVE_DETAIL.test(this.text);
    return this.mayHave;
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
    const { bytes, offsetOf } = this.window;
    const read: Bounds[] = [];
    function* texts(line: Bounds): Generator<string> {
      for (const { text, from, to } of linesBehind(bytes, line)) {
        read.push({ from: offsetOf(from), to: offsetOf(to) });
        yield text;
      }
    }
    const detail = detailOf(this.text, texts(this));
    return detail && { text: detail.text, lines: detail.lines.flatMap((index) => read[index] ?? []) };
  }
}
