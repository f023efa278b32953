/** A histogram with one axis, or a graph: contents of bins. Numbers are rounded to what a picture shows. */
export interface LinePicture {
  /** Of the axis. */
  title: string;
  /** Of all bins, or of the first and the last where all have one width; around the points of a graph. */
  edges: number[];
  /** Of the bins, where they have names. */
  labels?: string[] | undefined;
  /** JSON has no number for what is not finite. */
  own: (number | null)[];
  /** Absent: the roots of the contents, as of counts. */
  ownError?: (number | null)[] | undefined;
  reference: (number | null)[];
  referenceError?: (number | null)[] | undefined;
  /** By this the reference is multiplied, so that both can be seen over each other. */
  scale: number;
}

/** A histogram with two axes: sums over boxes of bins, x fastest. The reference is scaled to the other. */
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
