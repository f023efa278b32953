/** Lines of a log that a link means, both from 1 and inclusive. */
export interface LineRange {
  from: number;
  to: number;
}

/** `#L120` or `#L120-L140`, in either order; anything else is none. */
export function parseRange(hash: string): LineRange | undefined {
  const [, a, b] = /^#L(\d{1,15})(?:-L?(\d{1,15}))?$/.exec(hash) ?? [];
  if (a === undefined) return undefined;
  return rangeOf(Number(a), b === undefined ? Number(a) : Number(b));
}

export function formatRange({ from, to }: LineRange): string {
  return from === to ? `#L${from}` : `#L${from}-L${to}`;
}

/** The range between two lines that were pointed at, in whichever order. */
export function rangeOf(a: number, b: number): LineRange | undefined {
  const from = Math.min(a, b);
  return from < 1 ? undefined : { from, to: Math.max(a, b) };
}
