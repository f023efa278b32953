/** Contents of cells, however they were stored. */
export type Numbers = ArrayLike<number>;

/** One axis of a histogram. Bins are counted from 1; 0 is the underflow and `bins + 1` the overflow. */
export interface Axis {
  bins: number;
  low: number;
  high: number;
  /** The `bins + 1` edges of bins that are not all of one width. */
  edges?: Numbers;
  /** Texts of labelled bins, by bin number. */
  labels?: ReadonlyMap<number, string>;
  title: string;
}

interface OnAxes {
  /** One to three. A cell's index is `ix + (nx + 2) * (iy + (ny + 2) * iz)`; flow cells are included. */
  axes: readonly Axis[];
}

/**
 * A histogram of counts or of sums of weights.
 * - `sumw2`: squared error of each cell; without it the content is that
 * - `weight`: mean weight of a fill (sum of w² over sum of w), where the stored statistics say that fills had weights
 *   and there is no `sumw2`
 */
export interface Counts extends OnAxes {
  kind: 'counts';
  content: Numbers;
  sumw2?: Numbers;
  weight?: number;
  entries: number;
}

/** A profile. Of each cell: sums of w, of w·y and of w·y², and of w² where that is not the first. */
export interface Profile extends OnAxes {
  kind: 'profile';
  sumW: Numbers;
  sumWY: Numbers;
  sumWY2: Numbers;
  sumW2?: Numbers;
  entries: number;
}

/** An efficiency: what passed, out of what was tried. */
export interface Efficiency extends OnAxes {
  kind: 'efficiency';
  passed: Counts;
  total: Counts;
}

/** A graph: values at places, each with its squared error (0: none is known). */
export interface Points {
  kind: 'points';
  /** Coordinates: one list, or two for a graph over a plane. */
  at: readonly Numbers[];
  value: Numbers;
  error2: Numbers;
}

export type Quantity = Counts | Profile | Efficiency | Points;

/** An object that can be compared, as it stands in a file. */
export interface FoundObject {
  /** Directories, lists and the name itself, as they are in the file. */
  path: readonly string[];
  className: string;
  title: string;
  /** What is to be compared; or why that cannot be read, or not be tested. */
  what: { quantity: Quantity } | { unreadable: string } | { untestable: string };
}

/** What the reading of one comparison may cost. */
export interface Limits {
  /** Bytes of one object in memory. */
  objectBytes: number;
  /** Bytes of the objects of one name in all files of the comparison. */
  togetherBytes: number;
  /** Objects, keys and list members of one file. */
  objects: number;
  /** Seconds of wall time for all files of the comparison. */
  seconds: number;
  /** Bytes of resident memory of the process that reads. */
  memoryBytes: number;
}

const MB = 2 ** 20;

/**
 * 256 MB an object: twice the largest list seen in QA output (128 MB). One GB for the process holds two such objects with
 * what reading them takes.
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
