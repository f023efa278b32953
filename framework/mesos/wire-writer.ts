import type { Field, Message, MessageType } from './schema.ts';
import { integer32, integer64, isObject, MAX_DEPTH, missing, wrongValue } from './values.ts';

/**
 * Writes a message in protobuf's wire format, with its fields in the order of their numbers.
 * @throws Error that names the field which is missing, or has a value that it cannot hold
 */
export function writeMessage(type: MessageType, message: object): Buffer {
  const writer = new Writer();
  writer.message(type, message as Message, 0);
  return writer.written();
}

/** Up to this length a string is written faster here than by the runtime, which costs more to call. */
const SHORT_STRING = 24;

/** Writes from the last byte to the first: the length of a message is known when it is written in front of it. */
class Writer {
  #bytes = Buffer.allocUnsafe(512);
  /** All from here on is written. */
  #at = this.#bytes.length;

  written(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  message(type: MessageType, message: Message, depth: number): void {
    if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
    for (let index = type.inOrder.length - 1; index >= 0; index -= 1) {
      const field = type.inOrder[index] as Field;
      const value = message[field.name];
      if (value === undefined || value === null) {
        if (field.label === 'required') throw missing(field);
      } else if (field.label !== 'repeated') {
        this.#field(field, value, depth);
      } else if (field.map) {
        if (!isObject(value)) throw wrongValue(field, 'object');
        const entries = Object.entries(value).reverse();
        // An entry is no level of its own.
        for (const [key, held] of entries) this.#field(field, { key, value: held }, depth - 1);
      } else {
        if (!Array.isArray(value)) throw wrongValue(field, 'list');
        for (let item = value.length - 1; item >= 0; item -= 1) this.#field(field, value[item], depth);
      }
    }
  }

  #field(field: Field, value: unknown, depth: number): void {
    this.#value(field, value, depth);
    this.#varint(((field.number << 3) | field.wire) >>> 0, 0);
  }

  #value(field: Field, value: unknown, depth: number): void {
    switch (field.kind) {
      case 'string':
        if (typeof value !== 'string') throw wrongValue(field);
        this.#string(value);
        return;
      case 'message': {
        if (!isObject(value)) throw wrongValue(field, 'object');
        const end = this.#bytes.length - this.#at;
        this.message(field.message, value, depth + 1);
        this.#varint(this.#bytes.length - this.#at - end, 0);
        return;
      }
      case 'enum': {
        const number = typeof value === 'string' ? field.enum.numbers.get(value) : value;
        if (typeof number !== 'number' || (number | 0) !== number) throw wrongValue(field, field.enum.name);
        this.#varint(number >>> 0, number < 0 ? 0xffff_ffff : 0);
        return;
      }
      case 'double': {
        if (typeof value !== 'number') throw wrongValue(field);
        // First, because it may replace the buffer.
        const start = this.#room(8);
        this.#bytes.writeDoubleLE(value, start);
        return;
      }
      case 'bytes':
        if (!(value instanceof Uint8Array)) throw wrongValue(field);
        this.#room(value.length);
        this.#bytes.set(value, this.#at);
        this.#varint(value.length, 0);
        return;
      case 'bool':
        if (typeof value !== 'boolean') throw wrongValue(field);
        this.#varint(value ? 1 : 0, 0);
        return;
      case 'int32':
      case 'uint32': {
        const number = integer32(field, value);
        this.#varint(number >>> 0, number < 0 ? 0xffff_ffff : 0);
        return;
      }
      default:
        this.#integer64(integer64(field, value));
    }
  }

  #integer64(text: string): void {
    const number = Number(text);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) {
      this.#varint(number >>> 0, Math.floor(number / 0x1_0000_0000));
    } else {
      const bits = BigInt.asUintN(64, BigInt(text));
      this.#varint(Number(bits & 0xffff_ffffn), Number(bits >> 32n));
    }
  }

  #string(text: string): void {
    const length = text.length > SHORT_STRING || !this.#ascii(text) ? this.#utf8(text) : text.length;
    this.#varint(length, 0);
  }

  /** @returns false, with nothing written, if there are other characters in the text */
  #ascii(text: string): boolean {
    for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 127) return false;
    const start = this.#room(text.length);
    for (let at = 0; at < text.length; at += 1) this.#bytes[start + at] = text.charCodeAt(at);
    return true;
  }

  #utf8(text: string): number {
    const length = Buffer.byteLength(text);
    const start = this.#room(length);
    return this.#bytes.write(text, start, length, 'utf8');
  }

  /** @param low the lower half of the number, unsigned @param high the upper half */
  #varint(low: number, high: number): void {
    if (low < 128 && high === 0) {
      const at = this.#room(1);
      this.#bytes[at] = low;
      return;
    }
    let size = 1;
    for (let rest = high === 0 ? low >>> 7 : 0; rest !== 0; rest >>>= 7) size += 1;
    if (high !== 0) {
      size = 5;
      for (let rest = high >>> 3; rest !== 0; rest >>>= 7) size += 1;
    }
    const start = this.#room(size);
    for (let index = 0; index < size; index += 1) {
      const shift = index * 7;
      let bits: number;
      if (shift < 28) bits = low >>> shift;
      else if (shift === 28) bits = (low >>> 28) | (high << 4);
      else bits = high >>> (shift - 32);
      this.#bytes[start + index] = (bits & 127) | (index < size - 1 ? 128 : 0);
    }
  }

  /** Makes room for so many bytes. @returns where they begin */
  #room(size: number): number {
    if (size > this.#at) {
      const held = this.#bytes.subarray(this.#at);
      this.#bytes = Buffer.allocUnsafe(2 * this.#bytes.length + size);
      this.#at = this.#bytes.length - held.length;
      this.#bytes.set(held, this.#at);
    }
    this.#at -= size;
    return this.#at;
  }
}
