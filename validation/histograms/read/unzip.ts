import zlib from 'node:zlib';
import { decompress } from 'fzstd';
import { internals } from 'jsroot/core';
import { R__unzip } from 'jsroot/io';

/** Bytes before the data of each block: two letters, a version, and two sizes in three bytes each, little-endian. */
const HEADER = 9;

/** The smallest chunk size that zlib accepts. */
const LEAST_CHUNK = 64;

/**
 * Uncompresses a record: blocks of up to 16 MB, each with its own header. For zlib it uses Node.js' zlib, which checks the
 * checksum (jsroot does not) and is four times as fast.
 * @param length the number of bytes of the result
 * @returns bytes in memory that nothing else uses
 * @throws {Error} when the data are damaged, or compressed with an unknown method
 */
export async function unzip(data: Buffer, length: number): Promise<Buffer> {
  let out: Buffer | undefined;
  let from = 0;
  let to = 0;
  while (to < length) {
    if (from + HEADER > data.length) throw new Error('its compressed data ends too early');
    const packed = data.readUIntLE(from + 3, 3);
    const size = data.readUIntLE(from + 6, 3);
    const end = from + HEADER + packed;
    if (end > data.length || size === 0 || to + size > length) throw new Error('a compressed block has a wrong size');
    const block = await unzipBlock(data.subarray(from, end), size);
    if (block.length !== size) throw new Error('a compressed block is shorter than it says');
    // Nearly every record is one block, which needs no copy.
    if (size === length) return Buffer.from(block.buffer, block.byteOffset, size);
    out ??= Buffer.allocUnsafeSlow(length);
    out.set(block, to);
    from = end;
    to += size;
  }
  return out ?? Buffer.alloc(0);
}

/** jsroot reads the descriptions of a file's classes itself, and would load a library of 65 MB for ZSTD. */
internals._ZstdStream = { decompress: (data) => decompress(data) };

async function unzipBlock(block: Buffer, size: number): Promise<Uint8Array> {
  const method = block.toString('latin1', 0, 2);
  const data = block.subarray(HEADER);
  try {
    if (method === 'ZL')
      return zlib.inflateSync(data, { maxOutputLength: size, chunkSize: Math.max(LEAST_CHUNK, size) });
    if (method === 'ZS') return unzstd(data, size);
    const view = await R__unzip(new DataView(block.buffer, block.byteOffset, block.length), size, true);
    if (view) return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  } catch (error) {
    throw new Error(`its compressed data is damaged (${(error as Error).message})`);
  }
  throw new Error(`its data cannot be uncompressed (method ${JSON.stringify(method)})`);
}

/** Uses ZSTD of Node.js, which exists from 22.15 on and checks a checksum if there is one. */
function unzstd(data: Uint8Array, size: number): Uint8Array {
  if ('zstdDecompressSync' in zlib) return zlib.zstdDecompressSync(data, { maxOutputLength: size });
  return decompress(data, new Uint8Array(size));
}
