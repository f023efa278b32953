/** Letters of a name, and of a title or label, that are kept. */
const LONGEST_NAME = 1000;
const LONGEST_TITLE = 200;

/**
 * A name as people read it: jsroot gives each byte as a character. What is no UTF-8 stays so. Zero bytes, which no name of
 * ROOT's has, are made visible: paths are joined with them.
 */
export function nameText(raw: unknown): string {
  return shorten(decode(raw, LONGEST_NAME), LONGEST_NAME).replaceAll('\0', '␀');
}

/** As nameText, of a title or a label. */
export function titleText(raw: unknown): string {
  return shorten(decode(raw, LONGEST_TITLE), LONGEST_TITLE);
}

function decode(raw: unknown, longest: number): string {
  if (typeof raw !== 'string') return '';
  // Four bytes a character at most; one character more shows that it was longer.
  const bytes = raw.slice(0, (longest + 1) * 4);
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

function shorten(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Gives the second of one name `#2`, and so on, in the order in which they come. */
export class Numbering {
  private readonly used = new Map<string, number>();

  unique(name: string): string {
    const count = (this.used.get(name) ?? 0) + 1;
    this.used.set(name, count);
    return count === 1 ? name : this.unique(`${name}#${count}`);
  }
}
