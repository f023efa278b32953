const number = new Intl.NumberFormat('en-US');

/** `12,000` */
export function formatCount(value: number): string {
  return number.format(value);
}

/** `1 step`, `12,000 steps`. @param noun in the singular; its plural ends with s */
export function counted(value: number, noun: string): string {
  return `${number.format(value)} ${noun}${value === 1 ? '' : 's'}`;
}
