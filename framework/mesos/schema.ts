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

const TOKEN = /\/\/.*|\/\*[\s\S]*?\*\/|"[^"\n]*"|[\w.]+|\S/g;
const MAX_NUMBER = 0x1fff_ffff;

/** A field whose type is not looked up yet, because it may stand further down. */
interface Reference {
  owner: MessageType;
  /** Full name of the message, in which the look-up begins. */
  scope: string;
  label: FieldBase['label'];
  type: string;
  /** The type of the values of a map, and undefined otherwise. */
  mapOf: string | undefined;
  name: string;
  number: number;
  /** Index of the token, for errors. */
  token: number;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly string[];
  #next = 0;
  #package = '';
  readonly #messages = new Map<string, MessageType>();
  readonly #enums = new Map<string, EnumType>();
  readonly #references: Reference[] = [];

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(TOKEN) ?? [];
  }

  file(): Map<string, MessageType> {
    while (this.#peek() !== undefined) {
      const word = this.#take();
      if (word === 'syntax') {
        this.#expect('=');
        this.#expect('"proto2"');
        this.#expect(';');
      } else if (word === 'package') {
        this.#package = this.#name();
        this.#expect(';');
      } else if (!this.#type(word, this.#package)) {
        throw this.#error(`unexpected ${word}`);
      }
    }
    for (const reference of this.#references) this.#resolve(reference);
    for (const type of this.#messages.values()) type.inOrder.sort((one, other) => one.number - other.number);
    return this.#messages;
  }

  /** @returns false if this word does not begin a message or an enum */
  #type(word: string, scope: string): boolean {
    if (word === 'message') this.#message(scope);
    else if (word === 'enum') this.#enum(scope);
    else return false;
    return true;
  }

  #message(scope: string): void {
    const type = newMessage(this.#name());
    const fullName = inside(scope, type.name);
    this.#messages.set(fullName, type);
    this.#expect('{');
    for (let word = this.#take(); word !== '}'; word = this.#take()) {
      if (word === 'required' || word === 'optional' || word === 'repeated') {
        this.#field(type, fullName, word, this.#name(), undefined);
      } else if (word === 'map') {
        for (const part of ['<', 'string', ',']) this.#expect(part);
        const mapOf = this.#name();
        this.#expect('>');
        this.#field(type, fullName, 'repeated', 'map', mapOf);
      } else if (word === 'reserved') {
        this.#reserved(type);
      } else if (!this.#type(word, fullName)) {
        throw this.#error(`unexpected ${word}`);
      }
    }
  }

  #field(owner: MessageType, scope: string, label: FieldBase['label'], type: string, mapOf: string | undefined): void {
    const token = this.#next - 1;
    const name = this.#name();
    this.#expect('=');
    const number = this.#number();
    if (number < 1 || number > MAX_NUMBER) throw this.#error(`${number} cannot be the number of a field`);
    if (this.#peek() === '[') {
      for (const part of ['[', 'default', '=']) this.#expect(part);
      // Nothing here needs the values of absent fields.
      this.#taken('-');
      this.#take();
      this.#expect(']');
    }
    this.#expect(';');
    this.#references.push({ owner, scope, label, type, mapOf, name, number, token });
  }

  #reserved(type: MessageType): void {
    do {
      if (this.#peek()?.startsWith('"')) {
        type.reservedNames.add(this.#take().slice(1, -1));
      } else {
        const first = this.#number();
        type.reservedNumbers.push([first, this.#taken('to') ? this.#number() : first]);
      }
    } while (this.#taken(','));
    this.#expect(';');
  }

  #enum(scope: string): void {
    const type: EnumType = { name: this.#name(), numbers: new Map(), names: new Map() };
    this.#enums.set(inside(scope, type.name), type);
    this.#expect('{');
    while (this.#peek() !== '}') {
      const name = this.#name();
      this.#expect('=');
      const number = this.#number();
      if (type.numbers.has(name) || type.names.has(number)) throw this.#error(`${name} or ${number} is there twice`);
      this.#expect(';');
      type.numbers.set(name, number);
      type.names.set(number, name);
    }
    this.#expect('}');
  }

  #resolve({ owner, scope, label, type, mapOf, name, number, token }: Reference): void {
    if (owner.byName.has(name) || owner.byNumber.has(number)) {
      throw this.#error(`${name} or ${number} is there twice`, token);
    }
    const base = { name, of: owner.name, number, label };
    if (mapOf === undefined) {
      addField(owner, this.#typed(base, type, scope, token));
      return;
    }
    const entry = newMessage(`${name} entry`);
    addField(entry, { name: 'key', of: entry.name, number: 1, label: 'optional', kind: 'string', wire: 2, map: false });
    const value = { name: 'value', of: entry.name, number: 2, label: 'optional' } as const;
    addField(entry, this.#typed(value, mapOf, scope, token));
    entry.inOrder.sort((one, other) => one.number - other.number);
    addField(owner, { ...base, kind: 'message', message: entry, wire: 2, map: true });
  }

  #typed(base: Omit<FieldBase, 'wire'>, type: string, scope: string, token: number): Field {
    if (Object.hasOwn(SCALARS, type)) {
      const kind = type as Scalar;
      return { ...base, kind, wire: SCALARS[kind], map: false };
    }
    const fullName = this.#lookUp(type, scope);
    const found = this.#enums.get(fullName);
    if (found) return { ...base, kind: 'enum', enum: found, wire: 0, map: false };
    const message = this.#messages.get(fullName);
    if (!message) throw this.#error(`there is no type ${type}`, token);
    return { ...base, kind: 'message', message, wire: 2, map: false };
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

  #peek(): string | undefined {
    while (this.#tokens[this.#next]?.startsWith('//') || this.#tokens[this.#next]?.startsWith('/*')) this.#next += 1;
    return this.#tokens[this.#next];
  }

  #take(): string {
    const token = this.#peek();
    this.#next += 1;
    if (token === undefined) throw this.#error('the text ends too early');
    return token;
  }

  #taken(optional: string): boolean {
    const there = this.#peek() === optional;
    if (there) this.#next += 1;
    return there;
  }

  #expect(expected: string): void {
    const token = this.#take();
    if (token !== expected) throw this.#error(`expected ${expected}, got ${token}`);
  }

  #name(): string {
    const token = this.#take();
    if (!/^\.?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(token)) throw this.#error(`expected a name, got ${token}`);
    return token;
  }

  #number(): number {
    const token = this.#take();
    if (!/^\d{1,10}$/.test(token)) throw this.#error(`expected a number, got ${token}`);
    return Number(token);
  }

  /** @param token index of the token at which the error is; default: the last that was taken */
  #error(what: string, token = this.#next - 1): Error {
    let end = this.#text.length;
    let index = 0;
    for (const match of this.#text.matchAll(TOKEN)) {
      if (index === token) end = match.index;
      index += 1;
    }
    return new Error(`line ${this.#text.slice(0, end).split('\n').length}: ${what}`);
  }
}

function newMessage(name: string): MessageType {
  return {
    ...{ name, fields: [], required: [], inOrder: [], byName: new Map(), byNumber: new Map() },
    ...{ reservedNames: new Set(), reservedNumbers: [] },
  };
}

function addField(type: MessageType, field: Field): void {
  type.fields.push(field);
  if (field.label === 'required') type.required.push(field);
  type.inOrder.push(field);
  type.byName.set(field.name, field);
  type.byNumber.set(field.number, field);
}

const inside = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`);
