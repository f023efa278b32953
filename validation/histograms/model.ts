/** Contents of cells, in any array type. */
export type Numbers = ArrayLike<number>;

/** One axis of a histogram. Bins are counted from 1; 0 is the underflow and `bins + 1` the overflow. */
export interface Axis {
  bins: number;
  low: number;
  high: number;
  /** The `bins + 1` edges, if the bins have different widths. */
  edges?: Numbers;
  /** The texts of labelled bins, by bin number. */
  labels?: ReadonlyMap<number, string>;
  title: string;
}

interface OnAxes {
  /** One to three axes. A cell's index is `ix + (nx + 2) * (iy + (ny + 2) * iz)`; flow cells are included. */
  axes: readonly Axis[];
}

/**
 * A histogram of counts or of sums of weights.
 * - `sumw2`: squared error of each cell; absent: the squared error is the content
 * - `weight`: mean weight of a fill (sum of w² over sum of w); set if the stored statistics show weights and there is no
 *   `sumw2`
 */
export interface Counts extends OnAxes {
  kind: 'counts';
  content: Numbers;
  sumw2?: Numbers;
  weight?: number;
  entries: number;
}

/** A profile. For each cell: the sums of w, w·y and w·y², and of w² if it differs from that of w. */
export interface Profile extends OnAxes {
  kind: 'profile';
  sumW: Numbers;
  sumWY: Numbers;
  sumWY2: Numbers;
  sumW2?: Numbers;
  entries: number;
}

/** An efficiency: the passed entries, and all entries. */
export interface Efficiency extends OnAxes {
  kind: 'efficiency';
  passed: Counts;
  total: Counts;
}

/** A graph: values at places, each with its squared error (0: unknown). */
export interface Points {
  kind: 'points';
  /** Coordinates: one list, or two lists for a graph over a plane. */
  at: readonly Numbers[];
  value: Numbers;
  error2: Numbers;
}

export type Quantity = Counts | Profile | Efficiency | Points;

/** An object of a file that can be compared. */
export interface FoundObject {
  /** The names of its directories and lists in the file, and its own name. */
  path: readonly string[];
  className: string;
  title: string;
  /** The data to compare; or why they cannot be read, or cannot be tested. */
  what: { quantity: Quantity } | { unreadable: string } | { untestable: string };
}

/** Limits for the reading process of one comparison. */
export interface Limits {
  /** Bytes of one object in memory. */
  objectBytes: number;
  /** Bytes of all objects with one name in all files of the comparison. */
  togetherBytes: number;
  /** Objects, keys and list members of one file. */
  objects: number;
  /** Seconds of wall time for all files of the comparison. */
  seconds: number;
  /** Bytes of resident memory of the reading process. */
  memoryBytes: number;
}

const MB = 2 ** 20;

/**
 * 256 MB for an object is twice the largest list seen in QA output (128 MB). One GB for the process is enough for two such
 * objects and for the buffers to read them.
 */
export const LIMITS: Limits = {
  objectBytes: 256 * MB,
  togetherBytes: 512 * MB,
  objects: 200_000,
  seconds: 120,
  memoryBytes: 1000 * MB,
};

/** The name of an object in texts and globs. */
export function nameOf(path: readonly string[]): string {
  return path.join('/');
}
