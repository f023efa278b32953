import type { Position } from '../input/input-error.ts';
import type { Item, Value } from './parse.ts';

/** Values by key, as a JDL has them after overrides and suffixes. */
export type Values = ReadonlyMap<string, Value>;

/** The value as text: a list's items joined with commas, a missing key as undefined. */
export function textOf(values: Values, key: string): string | undefined {
  const value = values.get(key);
  if (!value) return undefined;
  return value.kind === 'list' ? value.items.map((item) => item.text).join(',') : value.text;
}

/** The value as a list: text is a list of one, empty text and a missing key an empty list. */
export function itemsOf(values: Values, key: string): Item[] {
  const value = values.get(key);
  if (!value) return [];
  if (value.kind === 'list') return value.items;
  return value.text === '' ? [] : [{ text: value.text, at: value.at }];
}

/** `KEY = 1`, the only way to switch something on. */
export function isSet(values: Values, key: string): boolean {
  return textOf(values, key) === '1';
}

/** The value as a whole number above 0, or undefined where it is not one. */
export function countOf(values: Values, key: string): number | undefined {
  const text = textOf(values, key)?.trim() ?? '';
  return /^\+?[0-9]+$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

/** Where the key's value stands. */
export function positionOf(values: Values, key: string): Position | undefined {
  return values.get(key)?.at;
}

/** AliEn's packages without the jemalloc ones, which the predecessor drops. */
export function packagesOf(values: Values): string[] {
  return itemsOf(values, 'Packages')
    .map((item) => item.text)
    .filter((name) => !name.includes('jemalloc'));
}
