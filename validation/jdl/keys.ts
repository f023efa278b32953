import type { Position } from '../input/input-error.ts';
import type { Item, Value } from './parse.ts';

/** Values by key, as a JDL has them after overrides and suffixes. */
export type Values = ReadonlyMap<string, Value>;

/** Values that know which of them were asked for: others make no difference. */
export class UsedValues extends Map<string, Value> {
  readonly used = new Set<string>();

  override get(key: string): Value | undefined {
    this.used?.add(key);
    return super.get(key);
  }

  /** Where a value stands; this is no use of it. */
  at(key: string): Position | undefined {
    return super.get(key)?.at;
  }
}

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
  return value.text.trim() === '' ? [] : [{ text: value.text, at: value.at }];
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
    .map((item) => item.text.trim())
    .filter((name) => !name.includes('jemalloc'));
}

/** Keys whose items are names: an empty one can only be a mistake. */
const LISTS = [
  'Packages',
  'Output',
  'OutputFile',
  'OutputArchive',
  'InputFile',
  'InputDataCollection',
  'JDLVariables',
  'ExtraVariables',
];

/** Removes empty entries of lists, with a warning for each. */
export function dropEmptyEntries(values: Map<string, Value>, warnings: string[]): void {
  for (const [key, value] of [...values]) {
    if (value.kind !== 'list' || !LISTS.includes(key)) continue;
    const items = value.items.filter((item) => item.text.trim() !== '');
    if (items.length === value.items.length) continue;
    for (const { text, at } of value.items) {
      if (text.trim() === '')
        warnings.push(`${at.source.file}:${at.line}:${at.column}: an empty entry of ${key} is left out`);
    }
    values.set(key, { ...value, items });
  }
}
