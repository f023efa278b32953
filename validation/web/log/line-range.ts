/** The lines of a log in a link: first and last, from 1. */
export interface LineRange {
  from: number;
  to: number;
}

/** Reads `#L120` or `#L120-L140`, in either order; undefined for any other text. */
export function parseRange(hash: string): LineRange | undefined {
  const [, a, b] = /^#L(\d{1,15})(?:-L?(\d{1,15}))?$/.exec(hash) ?? [];
  if (a === undefined) return undefined;
  return rangeOf(Number(a), b === undefined ? Number(a) : Number(b));
}

export function formatRange({ from, to }: LineRange): string {
  return from === to ? `#L${from}` : `#L${from}-L${to}`;
}

/** The range between two chosen lines, in either order. */
export function rangeOf(a: number, b: number): LineRange | undefined {
  const from = Math.min(a, b);
  return from < 1 ? undefined : { from, to: Math.max(a, b) };
}
