import { FUNCTIONS } from './functions.ts';
import { ClassAdError, type Expression } from './parse.ts';
import { boolean, ERROR, integer, numberOf, real, truthOf, UNDEFINED, type Value } from './value.ts';

/** An ad: expressions by attribute name, in lower case. */
export type Ad = ReadonlyMap<string, Expression>;

/** Longest chain of attributes that refer to one another. A circle is an error in HTCondor too. */
const DEEPEST = 50;

/**
 * The value of an expression of one ad, evaluated against another ad.
 * @param now ms since 1970
 * @throws ClassAdError when it calls a function that is not supported here
 */
export function evaluate(expression: Expression, my: Ad, target: Ad, now: number): Value {
  return new Evaluation(my, target, now, 0).value(expression);
}

class Evaluation {
  readonly #my: Ad;
  readonly #target: Ad;
  readonly #now: number;
  readonly #depth: number;

  constructor(my: Ad, target: Ad, now: number, depth: number) {
    this.#my = my;
    this.#target = target;
    this.#now = now;
    this.#depth = depth;
  }

  value(expression: Expression): Value {
    switch (expression.type) {
      case 'literal':
        return expression.value;
      case 'attribute':
        return this.#attribute(expression.name.toLowerCase(), expression.scope);
      case 'list':
        return { type: 'list', value: expression.items.map((item) => this.value(item)) };
      case 'call':
        return this.#call(expression.name, expression.args);
      case 'unary':
        return unary(expression.operator, this.value(expression.operand));
      case 'choice':
        return this.#choice(expression.condition, expression.yes, expression.no);
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right);
    }
  }

  /** Without a scope HTCondor looks in the ad itself first, then in the other one. */
  #attribute(name: string, scope: 'my' | 'target' | undefined): Value {
    if (this.#depth >= DEEPEST) return ERROR;
    const mine = scope === 'target' ? undefined : this.#my.get(name);
    if (mine) return new Evaluation(this.#my, this.#target, this.#now, this.#depth + 1).value(mine);
    const other = scope === 'my' ? undefined : this.#target.get(name);
    if (other) return new Evaluation(this.#target, this.#my, this.#now, this.#depth + 1).value(other);
    return scope === undefined && name === 'currenttime' ? integer(this.#now / 1000) : UNDEFINED;
  }

  #choice(condition: Expression, yes: Expression | undefined, no: Expression): Value {
    const value = this.value(condition);
    if (!yes) return value.type === 'undefined' ? this.value(no) : value;
    const truth = truthOf(value);
    if (truth === undefined) return value.type === 'undefined' ? UNDEFINED : ERROR;
    return this.value(truth ? yes : no);
  }

  #call(name: string, args: Expression[]): Value {
    if (name === 'ifthenelse' && args.length === 3) {
      const [condition, yes, no] = args as [Expression, Expression, Expression];
      return this.#choice(condition, yes, no);
    }
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!known) throw new ClassAdError(`calls ${name}(), which this framework does not support`);
    return known(
      args.map((arg) => this.value(arg)),
      this.#now,
    );
  }

  #binary(operator: string, left: Expression, right: Expression): Value {
    const a = this.value(left);
    if (operator === '&&' || operator === '||') return this.#junction(operator, a, right);
    return binary(operator, a, this.value(right));
  }

  #junction(operator: '&&' | '||', a: Value, right: Expression): Value {
    const decisive = operator === '||';
    const first = truthOf(a);
    if (first === decisive) return boolean(decisive);
    if (first === undefined && a.type !== 'undefined') return ERROR;
    const b = this.value(right);
    const second = truthOf(b);
    if (second === undefined) return b.type === 'undefined' ? UNDEFINED : ERROR;
    if (second === decisive) return boolean(decisive);
    return first === undefined ? UNDEFINED : boolean(!decisive);
  }
}

function unary(operator: string, value: Value): Value {
  if (value.type === 'undefined') return UNDEFINED;
  const number = numberOf(value);
  if (number === undefined) return ERROR;
  if (operator === '!') return boolean(number === 0);
  if (operator === '~') return integer(~number);
  const signed = operator === '-' ? -number : number;
  return value.type === 'real' ? real(signed) : integer(signed);
}

function binary(operator: string, a: Value, b: Value): Value {
  if (operator === '=?=') return boolean(isIdentical(a, b));
  if (operator === '=!=') return boolean(!isIdentical(a, b));
  if (a.type === 'error' || b.type === 'error') return ERROR;
  if (a.type === 'undefined' || b.type === 'undefined') return UNDEFINED;
  if (a.type === 'string' && b.type === 'string') {
    const [x, y] = [a.value.toLowerCase(), b.value.toLowerCase()];
    return compared(operator, x < y ? -1 : Number(x > y)) ?? ERROR;
  }
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return ERROR;
  return compared(operator, x - y) ?? arithmetic(operator, x, y, a.type === 'real' || b.type === 'real');
}

/** @param order negative, 0 or positive, as the left value is smaller than, equal to or larger than the right one */
function compared(operator: string, order: number): Value | undefined {
  switch (operator) {
    case '==':
      return boolean(order === 0);
    case '!=':
      return boolean(order !== 0);
    case '<':
      return boolean(order < 0);
    case '<=':
      return boolean(order <= 0);
    case '>':
      return boolean(order > 0);
    case '>=':
      return boolean(order >= 0);
    default:
      return undefined;
  }
}

function arithmetic(operator: string, x: number, y: number, isReal: boolean): Value {
  const made = isReal ? real : integer;
  switch (operator) {
    case '+':
      return made(x + y);
    case '-':
      return made(x - y);
    case '*':
      return made(x * y);
    case '/':
      return y === 0 ? ERROR : made(x / y);
    case '%':
      return y === 0 || isReal ? ERROR : integer(x % y);
    default:
      return bits(operator, x, y);
  }
}

function bits(operator: string, x: number, y: number): Value {
  switch (operator) {
    case '&':
      return integer(x & y);
    case '|':
      return integer(x | y);
    case '^':
      return integer(x ^ y);
    case '<<':
      return integer(x << y);
    case '>>':
      return integer(x >> y);
    default:
      return integer(x >>> y);
  }
}

/** As in `=?=`: the same type, and strings with regard to case. */
function isIdentical(a: Value, b: Value): boolean {
  if (a.type !== b.type) return false;
  if (a.type === 'list' || b.type === 'list') return a === b;
  return !('value' in a) || !('value' in b) || a.value === b.value;
}
