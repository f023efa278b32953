/** A histogram with one axis, or a graph, as contents of bins. Numbers are rounded to the precision of a picture. */
export interface LinePicture {
  /** The title of the axis. */
  title: string;
  /** All edges; or only the first and the last if all bins have one width. For a graph, edges around its points. */
  edges: number[];
  /** The names of the bins, if they have names. */
  labels?: string[] | undefined;
  /** null: not a finite number, which JSON cannot hold. */
  own: (number | null)[];
  /** Absent: the square roots of the contents, as for counts. */
  ownError?: (number | null)[] | undefined;
  reference: (number | null)[];
  referenceError?: (number | null)[] | undefined;
  /** The reference is multiplied by this factor, so that both can be drawn over each other. */
  scale: number;
}

/** A histogram with two axes: sums over boxes of bins, x fastest. The reference is scaled to the new histogram. */
export interface MapPicture {
  axes: { title: string; low: number; high: number; cells: number }[];
  own: (number | null)[];
  reference: (number | null)[];
  /** Differences in standard deviations. */
  pull: (number | null)[];
}

export type Picture = LinePicture | MapPicture;

export function isMap(picture: Picture): picture is MapPicture {
  return 'axes' in picture;
}
