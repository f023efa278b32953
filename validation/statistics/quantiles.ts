/**
 * The quantile of some numbers, with linear interpolation between two of them (the definition of R's type 7 and of numpy).
 * @param share 0: the smallest; 0.5: the median; 1: the largest
 * @returns 0 if there are no numbers
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? 0;
  const above = sorted[Math.ceil(place)] ?? below;
  return below + (above - below) * (place - Math.floor(place));
}

/** The median: the middle number, or for an even count the mean of the two in the middle. 0 if there are none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
