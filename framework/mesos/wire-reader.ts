import { type Field, isReserved, type Message, type MessageType } from './schema.ts';
import { MAX_DEPTH, missing, setEntry } from './values.ts';

/** Called for each thing that was skipped: `TaskStatus field 42`, `TaskStatus field "shiny"`, `TaskState value 14`. */
export type ReportUnknown = (what: string) => void;

/**
 * Reads a message in protobuf's wire format. Enums are open: an unknown value of a required field would otherwise make
 * the field look missing, so one new task state of a newer master would lose the whole event.
 * @param report called for unknown fields and unknown values of enums
 * @throws Error if these bytes are no such message
 */
export function readMessage(type: MessageType, bytes: Uint8Array, report?: ReportUnknown): Message {
  return new Reader(bytes, report).whole(type);
}

/** The wire types that `schema.ts` does not name. */
const [GROUP, END_OF_GROUP, FIXED32] = [3, 4, 5];

/** Up to this length a string is read faster here than by the runtime, which costs more to call. */
const SHORT_STRING = 24;

class Reader {
  readonly #bytes: Buffer;
  readonly #report: ReportUnknown | undefined;
  #at = 0;
  /** Where the innermost message ends. */
  #end: number;
  /** The two halves of the last varint, unsigned. */
  #low = 0;
  #high = 0;
  /** Messages that lack a required field. A second part of the same message may still bring it. */
  readonly #incomplete: [MessageType, Message][] = [];

  constructor(bytes: Uint8Array, report: ReportUnknown | undefined) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
    this.#report = report;
  }

  whole(type: MessageType): Message {
    const message = this.#message(type, {}, 0);
    for (const [of, object] of this.#incomplete) {
      for (const field of of.required) if (object[field.name] === undefined) throw missing(field);
    }
    return message;
  }

  /** Reads fields up to the end into this object. */
  #message(type: MessageType, object: Message, depth: number): Message {
    if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    while (this.#at < this.#end) {
      const tag = this.#tag();
      const field = type.byNumber.get(tag >>> 3);
      if (!(field && this.#field(field, tag & 7, object, depth))) {
        this.#skip(tag, depth);
        if (!isReserved(type, tag >>> 3)) this.#report?.(`${type.name} field ${tag >>> 3}`);
      }
    }
    this.#requireAll(type, object);
    return object;
  }

  #requireAll(type: MessageType, object: Message): void {
    for (const field of type.required) {
      if (object[field.name] === undefined) {
        this.#incomplete.push([type, object]);
        return;
      }
    }
  }

  /** @returns false if this is not the wire type of the field */
  #field(field: Field, wire: number, object: Message, depth: number): boolean {
    if (wire !== field.wire && !(wire === 2 && field.label === 'repeated')) return false;
    if (field.label !== 'repeated') {
      object[field.name] = this.#value(field, object[field.name], depth);
    } else if (field.map) {
      object[field.name] ??= {};
      this.#entry(field.message, object[field.name] as Message, depth);
    } else {
      const held = object[field.name] as unknown[] | undefined;
      const list = held ?? [];
      if (wire === field.wire) list.push(this.#value(field, undefined, depth));
      else this.#packed(field, list, depth);
      if (!held && list.length > 0) object[field.name] = list;
    }
    return true;
  }

  /** Reads numbers that are packed behind one tag. */
  #packed(field: Field, list: unknown[], depth: number): void {
    const outer = this.#enter();
    while (this.#at < this.#end) list.push(this.#value(field, undefined, depth));
    this.#end = outer;
  }

  /** @param before what an earlier field of this name held: the parts of a message are merged */
  #value(field: Field, before: unknown, depth: number): unknown {
    switch (field.kind) {
      case 'string':
        return this.#string();
      case 'message': {
        const outer = this.#enter();
        const message = this.#message(field.message, (before as Message | undefined) ?? {}, depth + 1);
        this.#end = outer;
        return message;
      }
      case 'enum': {
        this.#varint();
        const name = field.enum.names.get(this.#low | 0);
        if (name === undefined) this.#report?.(`${field.enum.name} value ${this.#low | 0}`);
        return name ?? this.#low | 0;
      }
      case 'double':
        return this.#bytes.readDoubleLE(this.#pass(8));
      case 'bytes': {
        const length = this.#length();
        const start = this.#pass(length);
        // A copy, because it may be kept for long, and would keep the whole event in memory.
        return Buffer.from(this.#bytes.subarray(start, start + length));
      }
      case 'bool':
        this.#varint();
        return (this.#low | this.#high) !== 0;
      case 'int32':
        this.#varint();
        return this.#low | 0;
      case 'uint32':
        this.#varint();
        return this.#low;
      default:
        return this.#integer64(field.kind === 'int64');
    }
  }

  /** Reads an entry of a map. A key or a value that is left out has the default of its type. */
  #entry(type: MessageType, map: Message, depth: number): void {
    const outer = this.#enter();
    const entry = this.#message(type, {}, depth);
    this.#end = outer;
    const value = entry.value ?? this.#absent(type.byName.get('value') as Field);
    setEntry(map, (entry.key ?? '') as string, value);
  }

  #absent(field: Field): unknown {
    switch (field.kind) {
      case 'string':
        return '';
      case 'message': {
        const message = {};
        this.#requireAll(field.message, message);
        return message;
      }
      case 'enum':
        return field.enum.numbers.keys().next().value;
      case 'bytes':
        return Buffer.alloc(0);
      case 'bool':
        return false;
      case 'int64':
      case 'uint64':
        return '0';
      default:
        return 0;
    }
  }

  #integer64(signed: boolean): string {
    this.#varint();
    if (this.#high < 0x20_0000) return String(this.#high * 0x1_0000_0000 + this.#low);
    const value = (BigInt(this.#high) << 32n) | BigInt(this.#low);
    return String(signed ? BigInt.asIntN(64, value) : value);
  }

  #string(): string {
    const length = this.#length();
    const start = this.#pass(length);
    if (length > SHORT_STRING) return this.#bytes.toString('utf8', start, this.#at);
    let text = '';
    for (let at = start; at < this.#at; at += 1) {
      const byte = this.#bytes[at] as number;
      if (byte > 127) return this.#bytes.toString('utf8', start, this.#at);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Reads a length and makes it the end. @returns the end before, which the caller restores */
  #enter(): number {
    const length = this.#length();
    const outer = this.#end;
    if (length > outer - this.#at) throw new Error(`a length is beyond the end, at byte ${this.#at}`);
    this.#end = this.#at + length;
    return outer;
  }

  #length(): number {
    this.#varint();
    if (this.#high !== 0) throw new Error(`a length is beyond the end, at byte ${this.#at}`);
    return this.#low;
  }

  /** Passes over so many bytes. @returns where they begin */
  #pass(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw new Error(`a length is beyond the end, at byte ${start}`);
    this.#at += length;
    return start;
  }

  #tag(): number {
    this.#varint();
    if (this.#high !== 0 || this.#low < 8) throw new Error(`no field has this number, at byte ${this.#at}`);
    return this.#low;
  }

  #varint(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    if (at < this.#end && (bytes[at] as number) < 128) {
      this.#low = bytes[at] as number;
      this.#high = 0;
      this.#at = at + 1;
      return;
    }
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.#end) throw new Error(`a number is cut off, at byte ${at}`);
      const byte = bytes[at] as number;
      at += 1;
      if (shift <= 28) low |= (byte & 127) << shift;
      if (shift === 28) high = (byte & 127) >> 4;
      else if (shift > 28) high |= (byte & 127) << (shift - 32);
      if (byte < 128) {
        this.#at = at;
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw new Error(`a number has more than ten bytes, at byte ${at}`);
  }

  #skip(tag: number, depth: number): void {
    const wire = tag & 7;
    if (wire === 0) this.#varint();
    else if (wire === 1) this.#pass(8);
    else if (wire === 2) this.#pass(this.#length());
    else if (wire === FIXED32) this.#pass(4);
    else if (wire === GROUP) this.#skipGroup(tag, depth + 1);
    else throw new Error(`wire type ${wire} cannot be here, at byte ${this.#at}`);
  }

  #skipGroup(begin: number, depth: number): void {
    if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    const end = begin - GROUP + END_OF_GROUP;
    for (let tag = this.#tag(); tag !== end; tag = this.#tag()) this.#skip(tag, depth);
  }
}
