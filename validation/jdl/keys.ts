import type { Position } from '../input/input-error.ts';
import type { Item, Value } from './parse.ts';

/** Values by key: the JDL after overrides and suffixes. */
export type Values = ReadonlyMap<string, Value>;

/** Values that record which of them were read: the other keys have no effect. */
export class UsedValues extends Map<string, Value> {
  readonly used = new Set<string>();

  override get(key: string): Value | undefined {
    this.used?.add(key);
    return super.get(key);
  }

  /** The position of a value. This does not count as reading it. */
  at(key: string): Position | undefined {
    return super.get(key)?.at;
  }
}

/** The value as text: the items of a list joined with commas; undefined for a missing key. */
export function textOf(values: Values, key: string): string | undefined {
  const value = values.get(key);
  if (!value) return undefined;
  return value.kind === 'list' ? value.items.map((item) => item.text).join(',') : value.text;
}

/** The value as a list: a text is a list of one item, an empty text and a missing key an empty list. */
export function itemsOf(values: Values, key: string): Item[] {
  const value = values.get(key);
  if (!value) return [];
  if (value.kind === 'list') return value.items;
  return value.text.trim() === '' ? [] : [{ text: value.text, at: value.at }];
}

/** Whether `KEY = 1`, the only way to switch a key on. */
export function isSet(values: Values, key: string): boolean {
  return textOf(values, key) === '1';
}

/** The value as a whole number above 0, else undefined. */
export function countOf(values: Values, key: string): number | undefined {
  const text = textOf(values, key)?.trim() ?? '';
  return /^\+?[0-9]+$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

/** The position of the key's value. */
export function positionOf(values: Values, key: string): Position | undefined {
  return values.get(key)?.at;
}

/** AliEn's packages without those for jemalloc, which the predecessor drops. */
export function packagesOf(values: Values): string[] {
  return itemsOf(values, 'Packages')
    .map((item) => item.text.trim())
    .filter((name) => !name.includes('jemalloc'));
}

/** Keys whose items are names, so an empty item must be a mistake. */
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
        warnings.push(`${at.source.file}:${at.line}:${at.column}: an empty entry of ${key} is ignored`);
    }
    values.set(key, { ...value, items });
  }
}
