import type { Axis, Counts, FoundObject, Numbers, Points, Quantity } from '../model.ts';
import { bufferedEntries, fillFrom } from './fill-buffer.ts';
import { titleText } from './text.ts';

type Raw = Record<string, unknown>;

/** The bit of TH1::fBits that says that the contents are averages, not sums. */
const IS_AVERAGE = 1 << 18;
/** Classes of histograms and graphs that no test can compare: their contents are not in cells of axes. */
const UNTESTABLE = /^(TH1K|TH2Poly|TProfile2Poly|THnSparse\w*|THn[CSILFDT]?|THn(Sparse)?T<.*>|TGraph2D\w*)$/;

/** Whether an object can be compared. Its members decide, because classes of users derive from those of ROOT. */
export function isQuantity(object: Raw, className: string): boolean {
  return UNTESTABLE.test(className) || isHistogram(object) || isEfficiency(object) || isGraph(object);
}

function isHistogram(object: Raw): boolean {
  return 'fXaxis' in object && 'fNcells' in object;
}

function isEfficiency(object: Raw): boolean {
  return 'fPassedHistogram' in object && 'fTotalHistogram' in object;
}

function isGraph(object: Raw): boolean {
  return 'fNpoints' in object && 'fX' in object && 'fY' in object;
}

/** The contents of a histogram, an efficiency or a graph; or why they cannot be compared. */
export function quantityOf(object: Raw, className: string): FoundObject['what'] {
  if (UNTESTABLE.test(className)) return { untestable: `there is no test for the class ${className}` };
  try {
    if (isEfficiency(object)) return { quantity: efficiency(object) };
    if (isGraph(object)) return { quantity: graph(object) };
    const buffer = bufferedEntries(object.fBuffer);
    if (buffer) return buffered(object, buffer);
    const quantity = histogram(object);
    return { quantity: isAverage(object) && quantity.kind === 'counts' ? averages(quantity) : quantity };
  } catch (error) {
    return { unreadable: (error as Error).message };
  }
}

function isAverage({ fBits }: Raw): boolean {
  return typeof fBits === 'number' && (fBits & IS_AVERAGE) !== 0;
}

/** A histogram with entries in its fill buffer. ROOT chooses a missing range from them by rules of its own. */
function buffered(object: Raw, buffer: Numbers): FoundObject['what'] {
  const raw = ['fXaxis', 'fYaxis', 'fZaxis'].map((name) => (object[name] ?? {}) as Raw);
  const untestable = 'its entries are still in its fill buffer';
  if ('fBinEntries' in object || isAverage(object)) return { untestable };
  if (raw.some(({ fXmin, fXmax }) => Number(fXmin) >= Number(fXmax))) {
    return { untestable: `${untestable}, and an axis has no range yet` };
  }
  const quantity = histogram(object) as Counts;
  const filled = fillFrom(buffer, quantity, raw.slice(0, quantity.axes.length));
  return filled ? { quantity: filled } : { untestable: `${untestable}, and some are outside of an axis that grows` };
}

function histogram(object: Raw): Quantity {
  const axes = axesOf(object);
  const cells = number(object, 'fNcells');
  const content = cellNumbers(object, 'fArray', cells);
  const sumw2 = isNumbers(object.fSumw2) && object.fSumw2.length > 0 ? cellNumbers(object, 'fSumw2', cells) : undefined;
  const entries = number(object, 'fEntries');
  if ('fBinEntries' in object) {
    if (!sumw2) throw new Error('its profile has no sums of squares');
    const sumW = cellNumbers(object, 'fBinEntries', cells);
    const weights = isNumbers(object.fBinSumw2) && object.fBinSumw2.length > 0;
    const sumW2 = weights ? { sumW2: cellNumbers(object, 'fBinSumw2', cells) } : {};
    return { kind: 'profile', axes, sumW, sumWY: content, sumWY2: sumw2, ...sumW2, entries };
  }
  if (sumw2) return { kind: 'counts', axes, content, sumw2, entries };
  const weight = number(object, 'fTsumw2') / number(object, 'fTsumw');
  const hasWeights = Number.isFinite(weight) && weight > 0 && Math.abs(weight - 1) > 1e-6;
  return { kind: 'counts', axes, content, ...(hasWeights && { weight }), entries };
}

/** Averages are not counts. They become points: values with errors, at the middles of the bins. */
function averages({ axes, content, sumw2 }: Counts): Points {
  const at: number[][] = axes.map(() => []);
  const value: number[] = [];
  const error2: number[] = [];
  for (let cell = 0; cell < content.length; cell++) {
    let rest = cell;
    const bins = axes.map((axis) => {
      const bin = rest % (axis.bins + 2);
      rest = Math.floor(rest / (axis.bins + 2));
      return bin;
    });
    if (!bins.every((bin, i) => bin >= 1 && bin <= (axes[i] as Axis).bins)) continue;
    for (const [i, bin] of bins.entries()) {
      const { low, high, bins: count, edges } = axes[i] as Axis;
      const [from, to] = edges
        ? [edges[bin - 1] as number, edges[bin] as number]
        : [low + ((high - low) * (bin - 1)) / count, low + ((high - low) * bin) / count];
      at[i]?.push((from + to) / 2);
    }
    value.push(content[cell] as number);
    error2.push((sumw2?.[cell] as number | undefined) ?? 0);
  }
  return { kind: 'points', at, value, error2 };
}

function efficiency(object: Raw): Quantity {
  const [passed, total] = ['fPassedHistogram', 'fTotalHistogram'].map((name): Counts => {
    const part = object[name];
    if (typeof part !== 'object' || part === null || !isHistogram(part as Raw)) throw new Error(`it has no ${name}`);
    const quantity = histogram(part as Raw);
    if (quantity.kind !== 'counts') throw new Error(`its ${name} holds no counts`);
    return quantity;
  }) as [Counts, Counts];
  if (passed.content.length !== total.content.length) throw new Error('its two histograms have other bins');
  return { kind: 'efficiency', axes: total.axes, passed, total };
}

/** The larger of the errors up and down counts. Errors of several kinds are added in squares. */
function graph(object: Raw): Points {
  const points = number(object, 'fNpoints');
  const x = cellNumbers(object, 'fX', points);
  const value = cellNumbers(object, 'fY', points);
  const error2 = new Float64Array(points);
  const several = object.fEyL !== undefined && Array.isArray(object.fEyL);
  const low = several ? lists(object.fEyL) : [object.fEY ?? object.fEYlow];
  const high = several ? lists(object.fEyH) : [object.fEY ?? object.fEYhigh];
  for (let kind = 0; kind < low.length; kind++) {
    const [down, up] = [low[kind], high[kind]];
    if (!isNumbers(down) || !isNumbers(up) || down.length < points || up.length < points) continue;
    for (let i = 0; i < points; i++)
      error2[i] = (error2[i] as number) + Math.max(down[i] as number, up[i] as number) ** 2;
  }
  return { kind: 'points', at: [x], value, error2 };
}

function lists(value: unknown): unknown[] {
  return (value as unknown[]).map((one) => (isNumbers(one) ? one : (one as Raw | null)?.fArray));
}

/** The axes in use. The number of cells decides how many, because a one-dimensional histogram also has three axes. */
function axesOf(object: Raw): Axis[] {
  const cells = number(object, 'fNcells');
  const axes: Axis[] = [];
  let product = 1;
  for (const name of ['fXaxis', 'fYaxis', 'fZaxis']) {
    const axis = axisOf(object[name]);
    axes.push(axis);
    product *= axis.bins + 2;
    if (product === cells) return axes;
  }
  throw new Error(`its axes do not fit its ${cells} cells`);
}

function axisOf(raw: unknown): Axis {
  if (typeof raw !== 'object' || raw === null) throw new Error('an axis is missing');
  const object = raw as Raw;
  const bins = number(object, 'fNbins');
  const low = number(object, 'fXmin');
  const high = number(object, 'fXmax');
  const isAxis = Number.isInteger(bins) && bins > 0 && low < high && Number.isFinite(low) && Number.isFinite(high);
  if (!isAxis) throw new Error('an axis has no bins');
  const { fXbins } = object;
  const edges = isNumbers(fXbins) && fXbins.length > 0 ? { edges: fXbins } : {};
  if (edges.edges && edges.edges.length !== bins + 1) throw new Error('an axis has too few edges');
  if (edges.edges && !isAscending(edges.edges)) throw new Error('the edges of an axis are not in order');
  const labels = labelsOf(object.fLabels, bins);
  return { bins, low, high, ...edges, ...(labels && { labels }), title: titleText(object.fTitle) };
}

/** Whether edges are finite and ascend. */
function isAscending(edges: Numbers): boolean {
  for (let i = 1; i < edges.length; i++) {
    if (!((edges[i] as number) > (edges[i - 1] as number))) return false;
  }
  return Number.isFinite(edges[0]) && Number.isFinite(edges[edges.length - 1]);
}

/** Texts by bin number. ROOT stores the bin number as the unique id of a text. Other writers store none, but keep the order. */
function labelsOf(raw: unknown, bins: number): Map<number, string> | undefined {
  const list = (raw as { arr?: unknown } | null | undefined)?.arr;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const labels = new Map<number, string>();
  const texts = list as ({ fString?: unknown; fUniqueID?: unknown } | null)[];
  const numbered = texts.some((one) => Number(one?.fUniqueID) > 0);
  for (const [index, one] of texts.entries()) {
    const bin = numbered ? Number(one?.fUniqueID) : index + 1;
    if (bin >= 1 && bin <= bins) labels.set(bin, titleText(one?.fString));
  }
  return labels.size > 0 ? labels : undefined;
}

function cellNumbers(object: Raw, name: string, length: number): Numbers {
  const value = object[name];
  if (!isNumbers(value) || value.length < length) throw new Error(`its ${name} is not complete`);
  // jsroot gives 64-bit integers as a plain array that may contain BigInts.
  return Array.isArray(value) ? Float64Array.from(value, Number) : value;
}

function isNumbers(value: unknown): value is Numbers {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function number(object: Raw, name: string): number {
  const value = object[name];
  if (typeof value !== 'number') throw new Error(`it has no ${name}`);
  return value;
}
