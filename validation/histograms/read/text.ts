/** The largest number of characters of a name, and of a title or label. */
const LONGEST_NAME = 1000;
const LONGEST_TITLE = 200;
const IS_ASCII = /^[\x20-\x7e]*$/;

/**
 * Decodes a name: jsroot gives one character per byte. A name that is not UTF-8 stays as it is. Zero bytes become a visible
 * sign, because paths are joined with them; ROOT never writes them.
 */
export function nameText(raw: unknown): string {
  return shorten(decode(raw, LONGEST_NAME), LONGEST_NAME).replaceAll('\0', '␀');
}

/** Like nameText, for a title or a label. */
export function titleText(raw: unknown): string {
  return shorten(decode(raw, LONGEST_TITLE), LONGEST_TITLE);
}

function decode(raw: unknown, longest: number): string {
  if (typeof raw !== 'string') return '';
  if (raw.length <= longest && IS_ASCII.test(raw)) return raw;
  // A character has at most four bytes. One more character shows that the text was longer.
  const bytes = raw.slice(0, (longest + 1) * 4);
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Makes names unique: the second object with a name gets `#2`, and so on, in their order. */
export class Numbering {
  private readonly used = new Map<string, number>();

  unique(name: string): string {
    const count = (this.used.get(name) ?? 0) + 1;
    this.used.set(name, count);
    return count === 1 ? name : this.unique(`${name}#${count}`);
  }
}
