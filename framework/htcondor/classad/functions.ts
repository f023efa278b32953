import { ClassAdError } from './parse.ts';
import { boolean, ERROR, integer, numberOf, real, string, UNDEFINED, type Value } from './value.ts';

type Call = (args: Value[], now: number) => Value;

/** For functions of numbers: undefined stays undefined, any other value that is not a number is an error. */
function ofNumber(of: (value: number) => Value): Call {
  return ([value = ERROR]) => {
    const number = value.type === 'string' ? Number(value.value.trim() || Number.NaN) : numberOf(value);
    if (value.type === 'undefined') return UNDEFINED;
    return number === undefined || Number.isNaN(number) ? ERROR : of(number);
  };
}

/** For functions of strings. */
function ofStrings(count: number, of: (...texts: string[]) => Value): Call {
  return (args) => {
    if (args.length < count) return ERROR;
    if (args.some(({ type }) => type === 'undefined')) return UNDEFINED;
    const texts = args.flatMap((value) => (value.type === 'string' ? [value.value] : []));
    return texts.length === args.length ? of(...texts) : ERROR;
  };
}

/** The text of a value, as in `strcat` and `string`. */
function textOf(value: Value): string | undefined {
  switch (value.type) {
    case 'string':
      return value.value;
    case 'integer':
    case 'real':
    case 'boolean':
      return String(value.value);
    default:
      return undefined;
  }
}

const isA =
  (...types: Value['type'][]): Call =>
  ([value = ERROR]) =>
    boolean(types.includes(value.type));

const inList = (fold: (text: string) => string): Call =>
  ofStrings(2, (item, list, separators = ' ,') => {
    const all = list.split(new RegExp(`[${separators.replaceAll(/[\\\]^-]/g, '\\$&')}]+`)).map(fold);
    return boolean(all.includes(fold(item)));
  });

const same = (text: string): string => text;
const lower = (text: string): string => text.toLowerCase();

/** The supported functions, by name in lower case. Any other function is refused, never guessed. */
export const FUNCTIONS: Readonly<Record<string, Call>> = {
  isundefined: isA('undefined'),
  iserror: isA('error'),
  isstring: isA('string'),
  isinteger: isA('integer'),
  isreal: isA('real'),
  isboolean: isA('boolean'),
  islist: isA('list'),
  int: ofNumber(integer),
  floor: ofNumber((value) => integer(Math.floor(value))),
  ceiling: ofNumber((value) => integer(Math.ceil(value))),
  round: ofNumber((value) => integer(Math.round(value))),
  real: ofNumber(real),
  abs: ofNumber((value) => (Number.isInteger(value) ? integer(Math.abs(value)) : real(Math.abs(value)))),
  max: (args) => most(args, (a, b) => a > b),
  min: (args) => most(args, (a, b) => a < b),
  quantize: ([value = ERROR, step = ERROR]) => {
    const [a, b] = [numberOf(value), step.type === 'list' ? undefined : numberOf(step)];
    if (step.type === 'list')
      throw new ClassAdError('calls quantize with a list, which this framework does not support');
    if (value.type === 'undefined') return UNDEFINED;
    if (a === undefined || !b) return ERROR;
    return Number.isInteger(b) ? integer(Math.ceil(a / b) * b) : real(Math.ceil(a / b) * b);
  },
  strcat: (args) => {
    const texts = args.map(textOf);
    if (args.some(({ type }) => type === 'error')) return ERROR;
    return texts.includes(undefined) ? UNDEFINED : string(texts.join(''));
  },
  string: ([value = ERROR]) => {
    const text = textOf(value);
    return text === undefined ? value : string(text);
  },
  size: ([value = ERROR]) => (value.type === 'list' ? integer(value.value.length) : SIZE([value], 0)),
  toupper: ofStrings(1, (text) => string(text.toUpperCase())),
  tolower: ofStrings(1, (text) => string(text.toLowerCase())),
  strcmp: ofStrings(2, (a = '', b = '') => integer(a < b ? -1 : Number(a > b))),
  stricmp: ofStrings(2, (a = '', b = '') => integer(lower(a) < lower(b) ? -1 : Number(lower(a) > lower(b)))),
  stringlistmember: inList(same),
  stringlistimember: inList(lower),
  member: ([item = ERROR, list = ERROR]) => {
    if (list.type !== 'list' || item.type === 'list') return list.type === 'undefined' ? UNDEFINED : ERROR;
    return boolean(list.value.some((one) => isEqual(one, item)));
  },
  time: (_, now) => integer(now / 1000),
};

const SIZE = ofStrings(1, (text) => integer(text.length));

function most(args: Value[], isBetter: (a: number, b: number) => boolean): Value {
  const values = args.flatMap((value) => (value.type === 'list' ? value.value : [value]));
  if (values.length === 0) return UNDEFINED;
  let best: Value | undefined;
  for (const value of values) {
    const number = numberOf(value);
    if (number === undefined) return value.type === 'undefined' ? UNDEFINED : ERROR;
    if (best === undefined || isBetter(number, numberOf(best) ?? 0)) best = value;
  }
  return best ?? UNDEFINED;
}

/** As in `==`: strings without regard to case. */
function isEqual(a: Value, b: Value): boolean {
  if (a.type === 'string' && b.type === 'string') return lower(a.value) === lower(b.value);
  const [x, y] = [numberOf(a), numberOf(b)];
  return x !== undefined && x === y;
}
