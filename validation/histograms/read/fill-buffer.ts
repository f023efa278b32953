import type { Axis, Counts, Numbers } from '../model.ts';

/** The bit of TAxis::fBits2 that says that an axis grows when an entry lies outside of it. */
const CAN_EXTEND = 1 << 1;

/**
 * The entries that a histogram still keeps in its fill buffer. ROOT puts them into bins only when the buffer is full or the
 * histogram is drawn, so a histogram with few entries is often written with all its bins empty.
 * - the first number: how many entries there are; negative: they are in the bins already
 * - then for each entry: its weight, and its place on each axis
 * @returns undefined if there are none
 */
export function bufferedEntries(fBuffer: unknown): Numbers | undefined {
  const isList = Array.isArray(fBuffer) || fBuffer instanceof Float64Array;
  return isList && (fBuffer[0] ?? 0) > 0 ? (fBuffer as Numbers) : undefined;
}

/**
 * Puts buffered entries into bins, as TH1::BufferEmpty does.
 * @param rawAxes the axes of the object in the file
 * @returns undefined if ROOT would extend an axis for one of them
 * @throws {Error} one sentence, when the buffer is damaged
 */
export function fillFrom(buffer: Numbers, counts: Counts, rawAxes: readonly unknown[]): Counts | undefined {
  const { axes } = counts;
  const width = axes.length + 1;
  const count = buffer[0] as number;
  if (!(Number.isInteger(count) && 1 + count * width <= buffer.length)) {
    throw new Error(`its fill buffer is too short for ${count} entries`);
  }
  const content = Float64Array.from(counts.content);
  const isWeighted = Array.from({ length: count }, (_, n) => buffer[1 + n * width]).some((weight) => weight !== 1);
  const sumw2 = counts.sumw2
    ? Float64Array.from(counts.sumw2)
    : isWeighted
      ? content.map((value) => Math.abs(value))
      : undefined;
  const canExtend = rawAxes.every((axis) => (Number((axis as { fBits2?: number }).fBits2) & CAN_EXTEND) !== 0);
  for (let n = 0; n < count; n++) {
    const from = 1 + n * width;
    const weight = buffer[from] as number;
    let cell = 0;
    let step = 1;
    for (const [i, axis] of axes.entries()) {
      const bin = binOf(axis, buffer[from + 1 + i] as number);
      if (canExtend && (bin === 0 || bin > axis.bins)) return undefined;
      cell += step * bin;
      step *= axis.bins + 2;
    }
    content[cell] = (content[cell] as number) + weight;
    if (sumw2) sumw2[cell] = (sumw2[cell] as number) + weight * weight;
  }
  const { weight: _, ...rest } = counts;
  return { ...(sumw2 ? rest : counts), content, ...(sumw2 && { sumw2 }), entries: counts.entries + count };
}

/** Like TAxis::FindFixBin. */
function binOf({ bins, low, high, edges }: Axis, x: number): number {
  if (x < low) return 0;
  if (!(x < high)) return bins + 1;
  if (!edges) return 1 + Math.floor((bins * (x - low)) / (high - low));
  let [from, to] = [0, bins];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if ((edges[middle] as number) <= x) from = middle;
    else to = middle;
  }
  return from + 1;
}
