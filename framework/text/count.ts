/** Made at the first large number, because this takes 5 ms. */
let separated: Intl.NumberFormat | undefined;

/** `12,000` */
export function formatCount(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  separated ??= new Intl.NumberFormat('en-US');
  return separated.format(value);
}

/** `1 step`, `12,000 steps`. @param noun in the singular; its plural ends with s */
export function counted(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;
}
