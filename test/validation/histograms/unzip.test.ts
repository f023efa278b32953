import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unzip } from '../../../validation/histograms/read/unzip.ts';

const text = Buffer.from('contents of a histogram, again and again, again and again');

/** A block as ROOT writes it. */
function block(method: string, version: number, data: Buffer, size: number): Buffer {
  const header = Buffer.from(`${method}${String.fromCharCode(version)}\0\0\0\0\0\0`, 'latin1');
  header.writeUIntLE(data.length, 3, 3);
  header.writeUIntLE(size, 6, 3);
  return Buffer.concat([header, data]);
}

/** A ZSTD frame of one block that is stored as it is: the only one that needs no compressor. */
function zstdFrame(data: Buffer): Buffer {
  const size = (data.length << 3) | 1;
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x20, data.length, size & 0xff, (size >> 8) & 0xff, size >> 16];
  return Buffer.concat([Buffer.from(header), data]);
}

describe('uncompressing', () => {
  it('reads zlib and ZSTD, also in several blocks', async () => {
    const zlib = block('ZL', 8, deflateSync(text), text.length);
    const zstd = block('ZS', 1, zstdFrame(text), text.length);
    expect(await unzip(zlib, text.length)).toEqual(text);
    expect(await unzip(zstd, text.length)).toEqual(text);
    const both = await unzip(Buffer.concat([zlib, zstd]), 2 * text.length);
    expect(both.toString()).toBe(`${text}${text}`);
  });

  it('notices every flipped bit of zlib data, by its checksum', async () => {
    const data = deflateSync(text);
    for (let bit = 0; bit < 8 * data.length; bit++) {
      const copy = Buffer.from(data);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      const result = await unzip(block('ZL', 8, copy, text.length), text.length).catch(() => undefined);
      // Two bits of the header, the compression level, do not matter, if the check bits of the header are right.
      if (result) expect(result).toEqual(text);
    }
  });

  it.each<[string, Buffer, RegExp]>([
    ['an unknown method', block('??', 1, text, text.length), /cannot be uncompressed \(method "\?\?"\)/],
    ['an end that is missing', block('ZL', 8, deflateSync(text), text.length).subarray(0, 30), /wrong size/],
    ['no header', Buffer.from('ZL'), /ends too early/],
    ['more than it says', block('ZL', 8, deflateSync(text), text.length - 5), /wrong size|damaged/],
    ['less than it says', block('ZL', 8, deflateSync(text.subarray(5)), text.length), /shorter/],
    ['a block of nothing', block('ZL', 8, deflateSync(text), 0), /wrong size/],
  ])('refuses %s', async (_, data, message) => {
    await expect(unzip(data, text.length)).rejects.toThrow(message);
  });
});
