import { kDouble, kFloat, TBuffer, type TFile } from 'jsroot/io';

/** A class name ends with a zero byte. A longer name than this means that the file is damaged. */
const LONGEST_NAME = 4096;
/** From this number of values on, swapping the bytes of the whole array is faster than reading one by one. */
const MANY = 32;

const readFastArray = TBuffer.prototype.readFastArray;

/**
 * Replaces parts of jsroot's reading that are unsafe or slow. An array that is longer than its record is refused before
 * memory is allocated. The bytes of arrays of floating-point numbers are swapped as a whole, and in place if that is allowed. Texts are not built character by
 * character (which takes 300 MB for a title of 10 MB).
 */
export function improveReading(): void {
  TBuffer.prototype.readFastArray = function (length, type) {
    const width = type === kDouble ? 8 : type === kFloat ? 4 : 1;
    if (!(length >= 0 && length * width <= this.length - this.o)) {
      throw new Error(`an array of ${length} numbers is longer than its record`);
    }
    if (width === 1 || length < MANY) return readFastArray.call(this, length, type);
    const bytes = inPlace(this, length * width, width) ?? copied(this, length * width);
    this.o += bytes.length;
    if (width === 8) return new Float64Array(bytes.swap64().buffer, bytes.byteOffset, length);
    return new Float32Array(bytes.swap32().buffer, bytes.byteOffset, length);
  };
  TBuffer.prototype.substring = function (from, to) {
    if (!(from >= 0 && to <= this.length)) throw new Error('a text is longer than its record');
    return bytesOf(this.arr).toString('latin1', from, to);
  };
  TBuffer.prototype.readNullTerminatedString = function () {
    const from = this.o;
    const end = bytesOf(this.arr).indexOf(0, from);
    if (end < 0 || end - from > LONGEST_NAME) throw new Error('a class name has no end');
    this.o = end + 1;
    return this.substring(from, end);
  };
}

/** jsroot gives every object the methods of its class, which take half of the time to read a small histogram. */
export function withoutMethods(file: TFile): TFile {
  const { getStreamer } = file;
  file.getStreamer = function (...names) {
    const members = getStreamer.apply(this, names);
    while (members?.at(-1)?.method) members.pop();
    return members;
  };
  return file;
}

/** The next bytes of a buffer, copied to memory of their own. */
function copied({ arr, o }: TBuffer, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  bytesOf(arr).copy(bytes, 0, o, o + length);
  return bytes;
}

/**
 * The next bytes of a buffer in its own memory, so that large contents are not there twice. They are moved down to an address
 * that is a multiple of `width`, over bytes that were read before. Undefined if the buffer must not change, or if bytes of
 * the array before would be overwritten.
 */
function inPlace(buffer: TBuffer, length: number, width: number): Buffer | undefined {
  if (buffer.usedTo === undefined) return undefined;
  const { arr, o } = buffer;
  const to = o - ((arr.byteOffset + o) % width);
  if (to < buffer.usedTo) return undefined;
  buffer.usedTo = to + length;
  const bytes = bytesOf(arr);
  bytes.copyWithin(to, o, o + length);
  return bytes.subarray(to, to + length);
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
