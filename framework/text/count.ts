/** `12,000`. It does not use Intl.NumberFormat, because the first use of it takes 12 ms. */
export function formatCount(value: number): string {
  return Number.isSafeInteger(value) ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : value.toLocaleString('en-US');
}

/** `1 step`, `12,000 steps`. @param noun in the singular; its plural ends with s */
export function counted(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;
}
