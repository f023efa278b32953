/** What one place of a glob matches: a character, or `undefined` for any number of characters. */
type Token = ((character: string) => boolean) | undefined;

/** Whether a shell glob (`*`, `?`, `[…]`, none of which matches a slash) matches this name, or is equal to it. */
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

/** A set such as `a-z0_`: characters and ranges. */
function inSet(set: string, negated: boolean): (character: string) => boolean {
  const ranges = [...set.matchAll(/([\s\S])-([\s\S])|[\s\S]/gu)].map(([one, low = one, high = low]) => ({ low, high }));
  return (character) => ranges.some(({ low, high }) => low <= character && character <= high) !== negated;
}

/**
 * A star matches as little as possible. On a mismatch only the last star takes one more character: the earlier ones need
 * not change. So the time is limited by the product of the lengths. A regular expression would not have this limit.
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
