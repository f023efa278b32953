/** What one place of a glob stands for: a character, or `undefined` for any number of any. */
type Token = ((character: string) => boolean) | undefined;

/** Whether a shell glob (`*`, `?`, `[…]`, none of which stands for a slash) means this name, or is it letter by letter. */
export function globMatches(glob: string, name: string): boolean {
  if (glob === name) return true;
  const globs = glob.split(/\/(?![^[]*\])/);
  const parts = name.split('/');
  return globs.length === parts.length && globs.every((part, n) => matches(tokensOf(part), [...(parts[n] as string)]));
}

function tokensOf(glob: string): Token[] {
  const tokens: Token[] = [];
  for (const [token, negated, set] of glob.matchAll(/\[([!^]?)([^\]]+)\]|[\s\S]/gu)) {
    if (set !== undefined) tokens.push(inSet(set, negated !== ''));
    else if (token === '*') tokens.push(undefined);
    else if (token === '?') tokens.push(() => true);
    else tokens.push((character) => character === token);
  }
  return tokens;
}

/** `a-z0_`: characters and ranges of them. */
function inSet(set: string, negated: boolean): (character: string) => boolean {
  const ranges = [...set.matchAll(/([\s\S])-([\s\S])|[\s\S]/gu)].map(([one, low = one, high = low]) => ({ low, high }));
  return (character) => ranges.some(({ low, high }) => low <= character && character <= high) !== negated;
}

/**
 * A star takes as little as it can; where that fails, the last one takes one character more: what the ones before took can
 * stay. So the time is bounded by the product of the lengths, which a regular expression in its place would not be.
 */
function matches(tokens: readonly Token[], text: readonly string[]): boolean {
  let at = 0;
  let star = -1;
  let taken = 0;
  let n = 0;
  while (at < text.length) {
    const token = tokens[n];
    if (n < tokens.length && token === undefined) {
      star = n++;
      taken = at;
    } else if (token?.(text[at] as string)) {
      n++;
      at++;
    } else if (star < 0) return false;
    else {
      n = star + 1;
      at = ++taken;
    }
  }
  while (n < tokens.length && tokens[n] === undefined) n++;
  return n === tokens.length;
}
