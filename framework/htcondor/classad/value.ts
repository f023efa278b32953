/** A value of a ClassAd expression. Undefined and error are values too: HTCondor's logic has four values. */
export type Value =
  | { type: 'undefined' }
  | { type: 'error' }
  | { type: 'boolean'; value: boolean }
  | { type: 'integer'; value: number }
  | { type: 'real'; value: number }
  | { type: 'string'; value: string }
  | { type: 'list'; value: Value[] };

export const UNDEFINED: Value = { type: 'undefined' };
export const ERROR: Value = { type: 'error' };

export const boolean = (value: boolean): Value => ({ type: 'boolean', value });
export const string = (value: string): Value => ({ type: 'string', value });
export const integer = (value: number): Value => ({ type: 'integer', value: Math.trunc(value) });
export const real = (value: number): Value => ({ type: 'real', value });

/** Its number; booleans count as 1 and 0, as in HTCondor's arithmetic. Undefined: it is not a number. */
export function numberOf(value: Value): number | undefined {
  if (value.type === 'integer' || value.type === 'real') return value.value;
  return value.type === 'boolean' ? Number(value.value) : undefined;
}

/** Whether it is true or false as a condition. Numbers may be; other values are neither. */
export function truthOf(value: Value): boolean | undefined {
  const number = numberOf(value);
  return number === undefined || Number.isNaN(number) ? undefined : number !== 0;
}
