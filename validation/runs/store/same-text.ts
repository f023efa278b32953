/** The texts that were seen last. */
const known = new Map<string, string>();
const MOST = 10_000;

/**
 * An equal text that was seen before, so that 100,000 steps with the same host hold its name once. It is no part of another
 * text: V8 would keep that one as well, such as the log in which a name stands.
 */
export function sameText(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  if (known.size >= MOST) known.clear();
  const own = JSON.parse(JSON.stringify(text)) as string;
  known.set(own, own);
  return own;
}

const NONE: readonly never[] = Object.freeze([]);

/** The list with such texts. All empty lists are one, which must not change. */
export function sameTexts(texts: string[]): string[] {
  return texts.length === 0 ? (NONE as never[]) : texts.map(sameText);
}
