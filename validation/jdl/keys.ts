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

const MEGABYTES: Record<string, number> = { '': 1, K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 };

/** A size such as `8GB`, `512MB` or `6000` (MB) in whole MB, a GB having 1024; undefined where it is no size. */
export function megabytes(text: string): number | undefined {
  const [, number, unit] = /^\s*([0-9]+(?:\.[0-9]+)?)\s*(?:([KMGT])i?B?)?\s*$/i.exec(text) ?? [];
  if (number === undefined) return undefined;
  const size = Math.ceil(Number(number) * (MEGABYTES[(unit ?? '').toUpperCase()] as number));
  return size > 0 ? size : undefined;
}

const SECONDS: Record<string, number> = { '': 1, s: 1, m: 60, h: 3600, d: 86400 };

/** A duration as `timeout` of coreutils has it (`72000`, `20h`) in whole seconds; undefined where it is none. */
export function seconds(text: string): number | undefined {
  const [, number, unit = ''] = /^\s*([0-9]+(?:\.[0-9]+)?)([smhd])?\s*$/.exec(text) ?? [];
  const duration = number === undefined ? 0 : Math.ceil(Number(number) * (SECONDS[unit] as number));
  return duration > 0 ? duration : undefined;
}
