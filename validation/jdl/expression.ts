import type { Position, Problem } from '../input/input-error.ts';
import type { Item, Value } from './parse.ts';

/**
 * Keys that relval uses must have values: a string, a number, a word without quotes, a list of them. Sums and products
 * of numbers are computed in place. Other ClassAd expressions could be evaluated only by the Grid.
 * @param keys the keys that relval uses
 * @returns a problem for each that cannot be evaluated; the key is removed
 */
export function evaluate(values: Map<string, Value>, keys: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const refused = new Set<string>();
  const check = (key: string, text: string, at: Position): string => {
    if (!isExpression(text)) return text;
    const number = arithmetic(text);
    if (number !== undefined) return String(number);
    const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
    refused.add(key);
    problems.push({
      message: `${key}: relval cannot evaluate the expression ${shown}. Write its value, with texts in quotes`,
      at,
    });
    return text;
  };
  for (const key of keys) {
    const value = values.get(key);
    if (value?.kind === 'expression') values.set(key, { ...value, text: check(key, value.text, value.at) });
    if (value?.kind !== 'list') continue;
    const items = value.items.map((item): Item => {
      return item.expression ? { text: check(key, item.text, item.at), at: item.at } : item;
    });
    values.set(key, { ...value, items });
  }
  for (const key of refused) values.delete(key);
  return problems;
}

/** Longest part of an expression in an error message, in characters. */
const SHOWN = 60;

/**
 * Whether text without quotes is more than a word or a number. Names of files, patterns and addresses contain `*`, `/`, `-`
 * and `?`; operators of expressions have blanks around them, or consist of two characters.
 */
function isExpression(text: string): boolean {
  return (
    /["(){}[\]]|\s[-+*/%<>=!&|?:]+\s|[<>=!]=|=[?!]=|&&|\|\||^(?:other|self|my|target)\.\w/i.test(text) ||
    isProduct(text)
  );
}

/** `20*3600` */
function isProduct(text: string): boolean {
  return /^[\d.]+(?:\s*[-+*/]\s*[\d.]+)+$/.test(text.trim());
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?)|([-+*/()]))/y;

/** The value of numbers, `+ - * /` and parentheses; undefined where there is anything else. */
function arithmetic(text: string): number | undefined {
  if (text.length > LONGEST) return undefined;
  const tokens: (number | string)[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (!found) return undefined;
    tokens.push(found[1] === undefined ? (found[2] as string) : Number(found[1]));
  }
  let next = 0;
  const atom = (): number => {
    const token = tokens[next++];
    if (typeof token === 'number') return token;
    if (token === '-') return -atom();
    if (token !== '(') return Number.NaN;
    const value = sum();
    return tokens[next++] === ')' ? value : Number.NaN;
  };
  const product = (): number => {
    let value = atom();
    while (tokens[next] === '*' || tokens[next] === '/') {
      value = tokens[next++] === '*' ? value * atom() : value / atom();
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[next] === '+' || tokens[next] === '-') {
      value = tokens[next++] === '+' ? value + product() : value - product();
    }
    return value;
  };
  const value = sum();
  return next === tokens.length && Number.isFinite(value) ? value : undefined;
}

/** Longest calculation, in characters. Nobody writes a longer one by hand. */
const LONGEST = 200;
