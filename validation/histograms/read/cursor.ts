import type { TBuffer } from 'jsroot/io';

/** Bytes of a number, by jsroot's code of its type. */
export const WIDTHS: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 2, 3: 4, 5: 4, 6: 4, 8: 8 },
  ...{ 11: 1, 12: 2, 13: 4, 15: 4, 18: 1 },
};
const [INT, COUNTER, DOUBLE, UNSIGNED_SHORT] = [3, 6, 8, 12];

/** The bit of a number of bytes, which stands before a version. */
const BYTE_COUNT = 0x40000000;
/** Stands before the name of a class that is new in the record. */
const NEW_CLASS = 0xffffffff;
const OBJECT_VERSION = 1;
/** The bit of TObject::fBits that says that two more bytes follow. */
const IS_REFERENCED = 1 << 4;
const LIST = Buffer.from('TList\0', 'latin1');
const LIST_VERSION = 5;
/** A text of this length or more has its length in four bytes. */
const LONG_TEXT = 255;
const EMPTY = new Float64Array(0);

export type Raw = Record<string, unknown>;

/** A record has something that only jsroot reads. */
export class Unusual extends Error {}

/** An array of numbers of a record. */
interface Found {
  to: Raw;
  name: string;
  at: number;
  length: number;
  type: number;
}

/**
 * A position in a record that moves from member to member, and the members found so far. Until `result`, methods throw
 * Unusual, or RangeError beyond the end of the record, and do not change the buffer.
 */
export class Cursor {
  private readonly buffer: TBuffer;
  private readonly view: DataView;
  private readonly root: Raw;
  private current: Raw;
  private at = 0;
  /** Where the classes end that have begun. */
  private readonly ends: number[] = [];
  private readonly arrays: Found[] = [];

  constructor(buffer: TBuffer, className: string) {
    this.buffer = buffer;
    this.view = buffer.arr;
    this.root = { _typename: className };
    this.current = this.root;
  }

  /** The number of bytes and the version of a class. */
  beginClass(version: number): void {
    const bytes = this.view.getUint32(this.at);
    if ((bytes & BYTE_COUNT) === 0 || this.view.getInt16(this.at + 4) !== version || version <= 0) throw new Unusual();
    this.ends.push(this.at + 4 + bytes - BYTE_COUNT);
    this.at += 6;
  }

  endClass(): void {
    if (this.ends.pop() !== this.at) throw new Unusual();
  }

  /** The members of TObject. */
  object(): void {
    const bits = this.view.getUint32(this.at + 6);
    if (this.view.getInt16(this.at) !== OBJECT_VERSION || (bits & IS_REFERENCED) !== 0) throw new Unusual();
    this.current.fBits = bits;
    this.at += 10;
  }

  /** The next members are those of a member. */
  into(name: string): void {
    this.current = {};
    this.root[name] = this.current;
  }

  out(): void {
    this.current = this.root;
  }

  skip(bytes: number): void {
    this.at += bytes;
  }

  /** @param type jsroot's code */
  number(name: string, type: number): void {
    const { view, at, current } = this;
    if (type === DOUBLE) current[name] = view.getFloat64(at);
    else if (type === INT || type === COUNTER) current[name] = view.getInt32(at);
    else if (type === UNSIGNED_SHORT) current[name] = view.getUint16(at);
    else throw new Unusual();
    this.at += WIDTHS[type] as number;
  }

  text(name: string | undefined): void {
    const { at, view, buffer } = this;
    const short = view.getUint8(at);
    const length = short === LONG_TEXT ? view.getUint32(at + 1) : short;
    this.at += (short === LONG_TEXT ? 5 : 1) + length;
    if (this.at > view.byteLength) throw new Unusual();
    if (name === undefined) return;
    buffer.o = at;
    this.current[name] = buffer.readTString();
    buffer.o = 0;
  }

  /** An array with its length before it. */
  array(name: string | undefined, type: number): void {
    const length = this.view.getUint32(this.at);
    this.at += 4;
    this.numbers(name, length, type);
  }

  /** An array of doubles whose length is a member. */
  counted(name: string, count: string): void {
    const length = this.current[count];
    const isThere = this.view.getUint8(this.at++) === 1;
    if (typeof length !== 'number' || length < 0) throw new Unusual();
    if (isThere) this.numbers(name, length, DOUBLE);
    else this.current[name] = [];
  }

  private numbers(name: string | undefined, length: number, type: number): void {
    if (name !== undefined) this.arrays.push({ to: this.current, name, at: this.at, length, type });
    this.at += length * (WIDTHS[type] as number);
    if (this.at > this.view.byteLength) throw new Unusual();
  }

  /** A pointer to nothing, or to a list without members. */
  pointer(name: string | undefined): void {
    const { view, at } = this;
    const bytes = view.getUint32(at);
    this.at += 4;
    if (bytes === 0) {
      if (name !== undefined) this.current[name] = null;
      return;
    }
    if (name !== undefined || view.getUint32(at + 4) !== NEW_CLASS) throw new Unusual();
    for (const [i, byte] of LIST.entries()) if (view.getUint8(at + 8 + i) !== byte) throw new Unusual();
    this.at += 4 + LIST.length;
    this.emptyList();
  }

  /** A TList without members. */
  emptyList(): void {
    const { current } = this;
    this.current = {};
    this.beginClass(LIST_VERSION);
    this.object();
    this.text(undefined);
    if (this.view.getUint32(this.at) !== 0) throw new Unusual();
    this.at += 4;
    this.endClass();
    this.current = current;
  }

  /** The whole record must be read. */
  end(): void {
    if (this.at !== this.view.byteLength) throw new Unusual();
  }

  /** The histogram, when the record has ended. Reading its arrays may use the memory of the buffer. */
  result(): Raw {
    const { buffer } = this;
    for (const { to, name, at, length, type } of this.arrays) {
      buffer.o = at;
      to[name] = length === 0 ? EMPTY : buffer.readFastArray(length, type);
    }
    return this.root;
  }
}
