/** Whether a shell glob (`*`, `?`, `[…]`, none of which stands for a slash) means this name, or is it letter by letter. */
export function globMatches(glob: string, name: string): boolean {
  if (glob === name) return true;
  const source = glob.replace(/\[([!^]?)([^\]]+)\]|[.+^${}()|[\]\\*?]/g, (match, negated?: string, set?: string) => {
    if (set !== undefined) return `[${negated ? '^' : ''}${set.replace(/[\\[\]^]/g, '\\$&')}]`;
    return match === '*' ? '[^/]*' : match === '?' ? '[^/]' : `\\${match}`;
  });
  return new RegExp(`^${source}$`, 's').test(name);
}
