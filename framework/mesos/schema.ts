/**
 * Reads `v1.proto` into tables, which drive the codecs. It knows only the part of the proto2 language that this file uses;
 * anything else is an error with its line.
 */

/** A message as this program holds it: see `messages.ts`. */
export type Message = Record<string, unknown>;

/** The scalar types that the schema uses, with their wire types: 0 is a varint, 1 is 8 bytes, 2 is a length and so many bytes. */
const SCALARS = { double: 1, int32: 0, int64: 0, uint32: 0, uint64: 0, bool: 0, string: 2, bytes: 2 } as const;

export type Scalar = keyof typeof SCALARS;

export interface EnumType {
  /** Without the names of the messages around it. */
  name: string;
  numbers: Map<string, number>;
  names: Map<number, string>;
}

export interface MessageType {
  /** Without the names of the messages around it. */
  name: string;
  /** In the order of the text, which is the order of Mesos' own files. */
  fields: Field[];
  required: Field[];
  /** By field number, which is the order on the wire. */
  inOrder: Field[];
  byName: Map<string, Field>;
  byNumber: Map<number, Field>;
  reservedNames: Set<string>;
  /** First and last number. */
  reservedNumbers: [number, number][];
}

interface FieldBase {
  name: string;
  /** Name of the message that the field belongs to. */
  of: string;
  number: number;
  label: 'required' | 'optional' | 'repeated';
  wire: 0 | 1 | 2;
}

/**
 * The entries of a map are messages with the fields `key` and `value` on the wire. The program holds them as one object.
 */
export type Field = FieldBase &
  (
    | { kind: Scalar; map: false }
    | { kind: 'enum'; enum: EnumType; map: false }
    | { kind: 'message'; message: MessageType; map: boolean }
  );

/** Whether Mesos has this field, and this program does not use it. */
export function isReserved(type: MessageType, nameOrNumber: string | number): boolean {
  if (typeof nameOrNumber === 'string') return type.reservedNames.has(nameOrNumber);
  return type.reservedNumbers.some(([first, last]) => nameOrNumber >= first && nameOrNumber <= last);
}

/** @returns the messages by full name (`mesos.v1.Call.Accept`). @throws Error with the line of what is wrong */
export function parseSchema(text: string): Map<string, MessageType> {
  return new Parser(text).file();
}

const MAX_NUMBER = 0x1fff_ffff;
const COMMENT = /\/\/.*|\/\*[\s\S]*?\*\//g;
/**
 * One statement, or the begin or the end of a block, as few large patterns: most of the work is then done by the runtime, which
 * makes this three times as fast as taking token after token. Groups: a block and its name; a field's label, type, name and
 * number; a map's type, name and number; what is reserved; a name and a number of an enum; the end of a block; a package.
 */
const STATEMENT = new RegExp(
  [
    /(message|enum)\s+(\w+)\s*\{/,
    /(required|optional|repeated)\s+([\w.]+)\s+(\w+)\s*=\s*(\d+)\s*(?:\[\s*default\s*=\s*(?:"[^"\n]*"|[-\w.]+)\s*\]\s*)?;/,
    /map\s*<\s*string\s*,\s*([\w.]+)\s*>\s*(\w+)\s*=\s*(\d+)\s*;/,
    /reserved\s+([^;{}]+);/,
    /(\w+)\s*=\s*(\d+)\s*;/,
    /(\})/,
    /package\s+([\w.]+)\s*;/,
    /syntax\s*=\s*"proto2"\s*;/,
  ]
    .map(({ source }) => `${source}\\s*`)
    .join('|'),
  'y',
);

/** A field whose type is not looked up yet, because it may stand further down. */
interface Reference {
  owner: MessageType;
  /** Full name of the message, in which the look-up begins. */
  scope: string;
  label: FieldBase['label'];
  type: string;
  isMap: boolean;
  name: string;
  number: number;
  /** Where the field stands in the text. */
  at: number;
}

/** A block that has not ended. */
interface Block {
  scope: string;
  message?: MessageType;
  enum?: EnumType;
}

class Parser {
  readonly #text: string;
  /** Where the statement begins that is being read. */
  #at = 0;
  #package = '';
  readonly #messages = new Map<string, MessageType>();
  readonly #enums = new Map<string, EnumType>();
  readonly #references: Reference[] = [];

  constructor(text: string) {
    // Lines keep their numbers.
    this.#text = text.replace(COMMENT, (comment) => comment.replace(/[^\n]/g, ''));
  }

  file(): Map<string, MessageType> {
    const blocks: Block[] = [];
    this.#at = this.#text.length - this.#text.trimStart().length;
    while (this.#at < this.#text.length) {
      STATEMENT.lastIndex = this.#at;
      const found = STATEMENT.exec(this.#text);
      if (!found || !this.#statement(found, blocks)) throw this.#error(`unexpected ${this.#line()}`);
      this.#at = STATEMENT.lastIndex;
    }
    if (blocks.length > 0) throw this.#error('the text ends too early');
    for (const reference of this.#references) this.#resolve(reference);
    for (const type of this.#messages.values()) type.inOrder.sort((one, other) => one.number - other.number);
    return this.#messages;
  }

  /** @returns false if the statement cannot stand here */
  #statement(found: RegExpExecArray, blocks: Block[]): boolean {
    const [, block, blockName, label, type, name, number, mapOf, mapName, mapNumber] = found;
    const [reserved, valueName, value, end, packageName] = found.slice(10);
    const inside = blocks.at(-1);
    const message = inside?.message;
    const scope = inside?.scope ?? this.#package;
    if (end) return blocks.pop() !== undefined;
    if (inside?.enum) return this.#value(inside.enum, valueName, value);
    if (block && blockName) {
      blocks.push(this.#block(block, blockName, scope));
    } else if (message && label && type && name) {
      this.#field(message, scope, label as FieldBase['label'], type, name, Number(number));
    } else if (message && mapOf && mapName) {
      this.#field(message, scope, 'repeated', mapOf, mapName, Number(mapNumber), true);
    } else if (message && reserved) {
      this.#reserved(message, reserved);
    } else if (packageName && !inside) {
      this.#package = packageName;
    } else {
      return found[0].startsWith('syntax') && !inside;
    }
    return true;
  }

  #block(kind: string, name: string, around: string): Block {
    const scope = around === '' ? name : `${around}.${name}`;
    if (kind === 'message') {
      const message = newMessage(name);
      this.#messages.set(scope, message);
      return { scope, message };
    }
    const type: EnumType = { name, numbers: new Map(), names: new Map() };
    this.#enums.set(scope, type);
    return { scope, enum: type };
  }

  #value(type: EnumType, name: string | undefined, text: string | undefined): boolean {
    if (name === undefined) return false;
    const number = Number(text);
    if (type.numbers.has(name) || type.names.has(number)) throw this.#error(`${name} or ${number} is there twice`);
    type.numbers.set(name, number);
    type.names.set(number, name);
    return true;
  }

  #field(
    owner: MessageType,
    scope: string,
    label: FieldBase['label'],
    type: string,
    name: string,
    number: number,
    isMap = false,
  ): void {
    if (number < 1 || number > MAX_NUMBER) throw this.#error(`${number} cannot be the number of a field`);
    this.#references.push({ owner, scope, label, type, isMap, name, number, at: this.#at });
  }

  #reserved(type: MessageType, list: string): void {
    for (const part of list.split(',')) {
      const [, name, first, last] = /^\s*(?:"(\w+)"|(\d+)(?:\s+to\s+(\d+))?)\s*$/.exec(part) ?? [];
      if (name) type.reservedNames.add(name);
      else if (first) type.reservedNumbers.push([Number(first), Number(last ?? first)]);
      else throw this.#error(`unexpected ${this.#line()}`);
    }
  }

  #resolve({ owner, scope, label, type, isMap, name, number, at }: Reference): void {
    if (owner.byName.has(name) || owner.byNumber.has(number)) {
      throw this.#error(`${name} or ${number} is there twice`, at);
    }
    const base = { name, of: owner.name, number, label };
    if (!isMap) {
      addField(owner, this.#typed(base, type, scope, at));
      return;
    }
    const entry = newMessage(`${name} entry`);
    addField(entry, { name: 'key', of: entry.name, number: 1, label: 'optional', kind: 'string', wire: 2, map: false });
    const value = { name: 'value', of: entry.name, number: 2, label: 'optional' } as const;
    addField(entry, this.#typed(value, type, scope, at));
    entry.inOrder.sort((one, other) => one.number - other.number);
    addField(owner, { ...base, kind: 'message', message: entry, wire: 2, map: true });
  }

  #typed(base: Omit<FieldBase, 'wire'>, type: string, scope: string, at: number): Field {
    // Without `...base`, which takes most of the time of the start.
    const { name, of, number, label } = base;
    if (Object.hasOwn(SCALARS, type)) {
      const kind = type as Scalar;
      return { name, of, number, label, kind, wire: SCALARS[kind], map: false };
    }
    const fullName = this.#lookUp(type, scope);
    const found = this.#enums.get(fullName);
    if (found) return { name, of, number, label, kind: 'enum', enum: found, wire: 0, map: false };
    const message = this.#messages.get(fullName);
    if (!message) throw this.#error(`there is no type ${type}`, at);
    return { name, of, number, label, kind: 'message', message, wire: 2, map: false };
  }

  /** The innermost scope that has the first part of the name decides, as in protobuf. */
  #lookUp(name: string, scope: string): string {
    if (name.startsWith('.')) return name.slice(1);
    const [first = ''] = name.split('.', 1);
    for (let around = scope; around !== ''; around = around.slice(0, Math.max(0, around.lastIndexOf('.')))) {
      const found = `${around}.${first}`;
      if (this.#messages.has(found) || this.#enums.has(found) || `${this.#package}.`.startsWith(`${found}.`)) {
        return `${around}.${name}`;
      }
    }
    return name;
  }

  /** The rest of the line, from the statement on. */
  #line(): string {
    return this.#text.slice(this.#at).split('\n', 1)[0] ?? '';
  }

  #error(what: string, at = this.#at): Error {
    return new Error(`line ${this.#text.slice(0, at).split('\n').length}: ${what}`);
  }
}

function newMessage(name: string): MessageType {
  return {
    name,
    fields: [],
    required: [],
    inOrder: [],
    byName: new Map(),
    byNumber: new Map(),
    reservedNames: new Set(),
    reservedNumbers: [],
  };
}

function addField(type: MessageType, field: Field): void {
  type.fields.push(field);
  if (field.label === 'required') type.required.push(field);
  type.inOrder.push(field);
  type.byName.set(field.name, field);
  type.byNumber.set(field.number, field);
}
