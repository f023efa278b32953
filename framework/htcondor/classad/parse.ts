import { boolean, ERROR, integer, real, string, UNDEFINED, type Value } from './value.ts';

/** A ClassAd expression. `start` and `end` are its place in the text, so that a part can be shown as written. */
export type Expression = { start: number; end: number } & (
  | { type: 'literal'; value: Value }
  | { type: 'attribute'; name: string; scope: 'my' | 'target' | undefined }
  | { type: 'call'; name: string; args: Expression[] }
  | { type: 'unary'; operator: string; operand: Expression }
  | { type: 'binary'; operator: string; left: Expression; right: Expression }
  | { type: 'choice'; condition: Expression; yes: Expression | undefined; no: Expression }
  | { type: 'list'; items: Expression[] }
);

/** The text is not a ClassAd expression, or uses something that is not supported here. */
export class ClassAdError extends Error {}

/** Longest expression that is read, characters. Real ones have a few hundred. */
const LONGEST = 65_536;
/** Deepest nesting that is read, because the parser recurses. */
const DEEPEST = 200;

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)|([A-Za-z_]\w*)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(=\?=|=!=|>>>|\|\||&&|==|!=|<=|>=|<<|>>|\?:|[-+*/%<>!~&|^?:.,(){}[\]]))/sy;

interface Token {
  kind: 'number' | 'name' | 'string' | 'quoted' | 'sign' | 'end';
  text: string;
  start: number;
  end: number;
}

const KINDS = ['number', 'name', 'string', 'quoted', 'sign'] as const;

/** Operators, the weakest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!=', '=?=', '=!=', 'is', 'isnt'],
  ['<', '<=', '>', '>='],
  ['<<', '>>', '>>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

const WORDS: Readonly<Record<string, Value>> = {
  true: boolean(true),
  false: boolean(false),
  undefined: UNDEFINED,
  error: ERROR,
};

/** Reads one expression. @throws ClassAdError */
export function parseExpression(text: string): Expression {
  if (text.length > LONGEST) throw new ClassAdError(`has ${text.length} characters, more than the limit of ${LONGEST}`);
  return new Parser(tokens(text)).whole();
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(trimmed);
    if (!match)
      throw new ClassAdError(`cannot be read, beginning at ${JSON.stringify(trimmed.slice(from, from + 20))}`);
    const at = KINDS.findIndex((_, index) => match[index + 1] !== undefined);
    const end = TOKEN.lastIndex;
    const whole = match[0].trimStart();
    found.push({ kind: KINDS[at] ?? 'sign', text: match[at + 1] ?? '', start: end - whole.length, end });
  }
  found.push({ kind: 'end', text: 'the end', start: trimmed.length, end: trimmed.length });
  return found;
}

/** Replaces escapes such as `\"` in a quoted text. */
function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, (_, letter: string) => ({ n: '\n', t: '\t', r: '\r' })[letter] ?? letter);
}

class Parser {
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(all: Token[]) {
    this.#tokens = all;
  }

  whole(): Expression {
    const found = this.#choice();
    if (this.#next.kind !== 'end') throw this.#unexpected();
    return found;
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #unexpected(): ClassAdError {
    return new ClassAdError(`has ${this.#next.text} in a wrong place`);
  }

  /** Reads the next token if it is one of these signs or words. */
  #take(...wanted: string[]): Token | undefined {
    const { kind, text } = this.#next;
    if ((kind !== 'sign' && kind !== 'name') || !wanted.includes(text.toLowerCase())) return undefined;
    return this.#tokens[this.#at++];
  }

  #need(sign: string): Token {
    const found = this.#take(sign);
    if (!found) throw this.#unexpected();
    return found;
  }

  #choice(): Expression {
    if (++this.#depth > DEEPEST) throw new ClassAdError(`is nested more than ${DEEPEST} deep`);
    const condition = this.#binary(0);
    let found = condition;
    if (this.#take('?:')) {
      const no = this.#choice();
      found = { type: 'choice', condition, yes: undefined, no, start: condition.start, end: no.end };
    } else if (this.#take('?')) {
      const yes = this.#choice();
      this.#need(':');
      const no = this.#choice();
      found = { type: 'choice', condition, yes, no, start: condition.start, end: no.end };
    }
    this.#depth--;
    return found;
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (let found = this.#take(...operators); found; found = this.#take(...operators)) {
      const operator = { is: '=?=', isnt: '=!=' }[found.text.toLowerCase()] ?? found.text;
      const right = this.#binary(level + 1);
      left = { type: 'binary', operator, left, right, start: left.start, end: right.end };
    }
    return left;
  }

  #unary(): Expression {
    const sign = this.#take('-', '+', '!', '~');
    if (!sign) return this.#primary();
    if (++this.#depth > DEEPEST) throw new ClassAdError(`is nested more than ${DEEPEST} deep`);
    const operand = this.#unary();
    this.#depth--;
    return { type: 'unary', operator: sign.text, operand, start: sign.start, end: operand.end };
  }

  #primary(): Expression {
    const token = this.#next;
    const { start, end, text } = token;
    if (this.#take('(')) {
      const inner = this.#choice();
      return { ...inner, start, end: this.#need(')').end };
    }
    if (this.#take('{')) {
      const items = this.#items('}');
      return { type: 'list', items, start, end: this.#before.end };
    }
    this.#at++;
    if (token.kind === 'number') {
      const value = /^\d+$/.test(text) ? integer(Number(text)) : real(Number(text));
      return { type: 'literal', value, start, end };
    }
    if (token.kind === 'string') return { type: 'literal', value: string(unescaped(text)), start, end };
    if (token.kind === 'quoted') return { type: 'attribute', name: unescaped(text), scope: undefined, start, end };
    if (token.kind === 'name') return this.#name(token);
    this.#at--;
    throw this.#unexpected();
  }

  get #before(): Token {
    return this.#tokens[this.#at - 1] as Token;
  }

  #name({ text, start, end }: Token): Expression {
    const lower = text.toLowerCase();
    const word = Object.hasOwn(WORDS, lower) ? WORDS[lower] : undefined;
    if (word) return { type: 'literal', value: word, start, end };
    if (this.#take('(')) {
      const args = this.#items(')');
      return { type: 'call', name: lower, args, start, end: this.#before.end };
    }
    if ((lower === 'my' || lower === 'target') && this.#take('.')) {
      const name = this.#next;
      if (name.kind !== 'name' && name.kind !== 'quoted') throw this.#unexpected();
      this.#at++;
      return { type: 'attribute', name: name.text, scope: lower, start, end: name.end };
    }
    return { type: 'attribute', name: text, scope: undefined, start, end };
  }

  #items(closing: string): Expression[] {
    const items: Expression[] = [];
    if (this.#take(closing)) return items;
    do items.push(this.#choice());
    while (this.#take(','));
    this.#need(closing);
    return items;
  }
}
