/** Writes an integer. */
export type Integer = (value: number) => string;

/** Flags, width, precision, length (which is ignored), conversion. */
const FORMAT = /^([-+ 0']*)([0-9]*)(\.[0-9]*)?(?:hh?|ll?|[jztqL])?([diouxX])$/;

/** Wider than any file name may be: a larger width is a mistake and would waste memory. */
const WIDEST = 4096;

/**
 * printf's integer formats without the percent sign (`05i`, `-8d`, `.4x`), as in POSIX.
 * `#` is not a flag here, because it ends the AliEn variable. `'` groups digits, which does nothing in locale C.
 * @returns undefined for anything else
 */
export function integerFormat(format: string): Integer | undefined {
  const match = FORMAT.exec(format);
  if (!match) return undefined;
  const [, flags = '', widthText = '', precisionText, conversion] = match;
  const width = Number(widthText);
  const precision = precisionText === undefined ? undefined : Number(precisionText.slice(1));
  if (width > WIDEST || (precision ?? 0) > WIDEST) return undefined;
  const signed = conversion === 'd' || conversion === 'i';
  return (value) => {
    let digits = Math.abs(value).toString(conversion === 'o' ? 8 : conversion === 'x' || conversion === 'X' ? 16 : 10);
    if (conversion === 'X') digits = digits.toUpperCase();
    if (precision !== undefined) digits = precision === 0 && value === 0 ? '' : digits.padStart(precision, '0');
    const sign = value < 0 ? '-' : !signed ? '' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
    if (flags.includes('-')) return (sign + digits).padEnd(width);
    if (flags.includes('0') && precision === undefined) return sign + digits.padStart(width - sign.length, '0');
    return (sign + digits).padStart(width);
  };
}
