import type { Field } from './schema.ts';

/** Messages may be nested so deep: the limit of Mesos' own library. */
export const MAX_DEPTH = 100;

/** A value that its field cannot hold. The value is not shown, because it may be a secret. */
export function wrongValue(field: Field, expected: string = field.kind): Error {
  return new Error(`${field.of}.${field.name} must be of type ${expected}`);
}

export function missing(field: Field): Error {
  return new Error(`missing required '${field.name}' of ${field.of}`);
}

/** Sets an entry of a map. A plain assignment to `__proto__` would change the prototype. */
export function setEntry(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    map[key] = value;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Checks a 32-bit integer. @throws Error if it is none */
export function integer32(field: Field, value: unknown): number {
  const fits = typeof value === 'number' && (field.kind === 'uint32' ? value >>> 0 === value : (value | 0) === value);
  if (!fits) throw wrongValue(field);
  return value;
}

/** @returns the decimal text of a 64-bit integer, from its text or a number. @throws Error if it is none */
export function integer64(field: Field, value: unknown): string {
  if (typeof value === 'number' && Number.isSafeInteger(value) && (value >= 0 || field.kind === 'int64')) {
    return String(value);
  }
  const isInteger = typeof value === 'string' ? /^-?\d{1,20}$/.test(value) : Number.isInteger(value);
  if (!isInteger) throw wrongValue(field);
  const exact = BigInt(value as string | number);
  const fits = (field.kind === 'int64' ? BigInt.asIntN(64, exact) : BigInt.asUintN(64, exact)) === exact;
  if (!fits) throw wrongValue(field);
  return String(exact);
}
