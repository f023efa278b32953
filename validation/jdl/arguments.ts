import type { Problem } from '../input/input-error.ts';
import type { Values } from './keys.ts';
import type { Item, Value } from './parse.ts';

/** Keys with shell code of relval's own, which the Grid does not have. A `$1` in them belongs to the shell. */
const SHELL_CODE = 'EnvironmentCommand';

/**
 * Replaces `$1`, `$2`, … in all values by the arguments of `submit FILE.jdl ARGUMENT…`, as text. Inside shell
 * expressions (`$(…)`, `${…}`, backticks) and after a backslash a `$1` is left for the shell.
 * @param needed keys whose values are used: if one of these lacks its argument, that is a problem
 * @returns problems, and the numbers of arguments that no value uses
 */
export function applyArguments(
  values: Map<string, Value>,
  given: readonly string[],
  needed: (key: string) => boolean,
): { problems: Problem[]; unused: number[] } {
  const problems: Problem[] = [];
  const used = new Set<number>();
  for (const [key, value] of [...values]) {
    if (key === SHELL_CODE) continue;
    const replace = <Part extends Item>(part: Part): Part => {
      const missing = new Set<number>();
      const text = replaceArguments(part.text, (number) => {
        used.add(number);
        if (number > given.length) missing.add(number);
        return given[number - 1];
      });
      if (missing.size > 0 && needed(key)) {
        const names = [...missing].sort((a, b) => a - b).map((number) => `$${number}`);
        problems.push({ message: `${key}: ${names.join(', ')}: ${missingText(given.length)}`, at: part.at });
      }
      return text === part.text ? part : { ...part, text };
    };
    values.set(key, value.kind === 'list' ? { ...value, items: value.items.map(replace) } : replace(value));
  }
  return { problems, unused: given.map((_, i) => i + 1).filter((number) => !used.has(number)) };
}

function missingText(given: number): string {
  const many = given === 0 ? 'no argument was given' : given === 1 ? 'one argument was given' : `${given} were given`;
  return `${many}. Give the arguments in order, each with --arg VALUE`;
}

/** The keys that a JDL exports, in addition to those that relval itself uses. */
export function exportedKeys(values: Values): Set<string> {
  const names = ['JDLVariables', 'ExtraVariables'].flatMap((key) => {
    const value = values.get(key);
    return value?.kind === 'list' ? value.items.map((item) => item.text) : (value?.text ?? []);
  });
  return new Set(names);
}

/** Replaces `$N` outside shell expressions; undefined leaves it unchanged. */
function replaceArguments(text: string, argument: (number: number) => string | undefined): string {
  let replaced = '';
  for (let at = 0; at < text.length; ) {
    const end = text[at] === '\\' ? at + 2 : endOfExpression(text, at);
    if (end > at) {
      replaced += text.slice(at, end);
      at = end;
      continue;
    }
    ARGUMENT.lastIndex = at;
    const [found = text[at] as string, number] = ARGUMENT.exec(text) ?? [];
    replaced += (number === undefined ? undefined : argument(Number(number))) ?? found;
    at += found.length;
  }
  return replaced;
}

const ARGUMENT = /\$([1-9][0-9]{0,3})/y;

/** The offset after the shell expression that begins here; the same offset if none begins. An unclosed one extends to the end. */
function endOfExpression(text: string, start: number): number {
  const open = text.startsWith('$(', start) ? '(' : text.startsWith('${', start) ? '{' : text[start] === '`' ? '`' : '';
  if (open === '') return start;
  const close = open === '(' ? ')' : open === '{' ? '}' : '`';
  let depth = 1;
  for (let at = start + (open === '`' ? 1 : 2); at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\\') at++;
    else if (character === "'" && open !== '`')
      at = text.indexOf("'", at + 1) < 0 ? text.length : text.indexOf("'", at + 1);
    else if (character === close) depth--;
    else if (character === open) depth++;
    if (depth === 0) return at + 1;
  }
  return text.length;
}
